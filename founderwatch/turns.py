"""Whose turn it is: which sources a crawl asks, and when each is due after it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from founderwatch.database.backup import read_only
from founderwatch.database.store import DatabaseError, turns_of
from spiders.guard import loopback
from spiders.report import CrawlReport, SourceReport
from spiders.sources import Source
from spiders.timetable import SHORTEST, Asked, Turn, next_turn


@dataclass(frozen=True)
class Choice:
    """The sources that are asked, those that a site or a quota holds back, and those that are not due yet."""

    asked: tuple[Source, ...]
    held: tuple[Source, ...] = ()
    waiting: tuple[Source, ...] = ()


def stored(database: Path) -> dict[str, Turn]:
    """When each source is due, as far as there is a database that knows."""
    if not database.is_file():
        return {}
    try:
        with closing(read_only(database)) as connection:
            return turns_of(connection)
    except (sqlite3.Error, DatabaseError):  # of an older version, or damaged: who opens it to write will say so
        return {}


def choose(sources: Iterable[Source], turns: Mapping[str, Turn], now: datetime, due: bool) -> Choice:
    """Parts the sources; `due`: only those whose turn it is are asked."""
    asked, held, waiting = [], [], []
    for source in sources:
        turn = turns.get(source.name)
        if turn is not None and turn.is_held(now):
            held.append(source)
        elif turn is not None and due and not turn.is_due(now):
            waiting.append(source)
        else:
            asked.append(source)
    return Choice(tuple(asked), tuple(held), tuple(waiting))


def after(
    report: CrawlReport,
    sources: Iterable[Source],
    turns: Mapping[str, Turn],
    stories: Mapping[str, int],
    began: datetime,
) -> dict[str, Turn]:
    """The turns after a crawl of these sources; `stories` is how many each published of late."""
    told = {source.name: source for source in report.sources}
    if _offline([told[source.name] for source in sources if source.name in told]):
        return {}  # that says nothing of any of them
    return {
        source.name: _turn(source, told[source.name], turns.get(source.name), stories.get(source.name, 0), began)
        for source in sources
        if source.name in told
        and (told[source.name].channels or told[source.name].requests or told[source.name].held_until)
    }


def shortest(source: Source) -> timedelta:
    """The least interval between two scheduled crawls of a source; this machine can be asked each time."""
    if source.every is not None:
        return timedelta(seconds=source.every)
    here = all(loopback(urlsplit(url).hostname or "") for url in source.channels)
    return timedelta() if here else SHORTEST


def _turn(source: Source, told: SourceReport, before: Turn | None, stories: int, began: datetime) -> Turn:
    asked = Asked(
        grade=(told.grade or "soft") if told.silent else None,
        reason=next((str(m) for m in told.messages if m.stage == "channel"), None),
        stories=stories,
        requests=told.requests,
        held_until=told.held_until,
        held_because=told.held_because,
        shortest=shortest(source),
    )
    turn = next_turn(before, asked, began)
    if not told.channels and before is not None:
        # Its channels were not asked any more: nothing was learnt of how it does.
        return replace(turn, trouble=before.trouble, due_at=before.due_at, reason=turn.reason or before.reason)
    return turn


def _offline(told: list[SourceReport]) -> bool:
    """Whether no host of several answered anything: then it is this machine that has no network."""
    return len(told) > 1 and all(source.silent and not source.answered for source in told)
