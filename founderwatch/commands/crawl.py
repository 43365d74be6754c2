"""`founderwatch crawl`: reads all sources and stores what is new."""

from __future__ import annotations

import faulthandler
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from founderwatch import status
from founderwatch.alerts.heartbeat import heartbeat
from founderwatch.alerts.sender import Alarm
from founderwatch.archive.retention import thin
from founderwatch.config import JUDGE_ALL
from founderwatch.database.retention import drop_texts
from founderwatch.database.store import DatabaseError, recent_texts
from founderwatch.options import common, fail, locked, open_reader, open_registry, open_store
from founderwatch.progress import progress
from founderwatch.render import safe
from founderwatch.turns import Choice, after, choose, stored
from pipelines.archive import Archive
from pipelines.classify import Classify
from pipelines.deduplicate import Deduplicate
from pipelines.extract_apart import ExtractApart
from pipelines.since import Since
from pipelines.store import Keep
from spiders.crawl import run
from spiders.deadline import CUT_SHORT, TIME_UP
from spiders.entries import oldest
from spiders.report import SourceReport
from spiders.sources import RegistryError
from spiders.timetable import LOOK_BACK, Turn, earliest

Health = Mapping[str, tuple[str, str | None]]

# A copy appears within weeks of its original.
_COPIES_WITHIN = timedelta(days=60)
_MOST_MESSAGES = 12
_MOST_DROPPED = 2000  # old texts: the next crawl, or `vacuum`, goes on
_GRACE = 300  # seconds beyond --for: pages on their way, alerts, old texts and files
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class _Duration(click.ParamType):
    """A time such as 90s, 10m or 2h, in seconds."""

    name = "duration"

    def convert(self, value, param, ctx):
        match = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", value)
        if not match:
            self.fail(f"must be a time such as 90s, 10m or 2h, not {value!r}", param, ctx)
        return int(match[1]) * _SECONDS[match[2]]


@click.command("crawl")
@click.option(
    "--sources", type=click.Path(dir_okay=False, path_type=Path), help="The registry (default: the configured one)."
)
@click.option("--only", multiple=True, metavar="NAME", help="Crawl only this source; may be given several times.")
@click.option("--since", metavar="7d", help="Leave out older stories (default: the configured 30d).")
@click.option("--limit", type=click.IntRange(min=1), help="Fetch at most so many stories.")
@click.option(
    "--for",
    "longest",
    type=_Duration(),
    metavar="10m",
    help="Stop after so long, and leave the rest for the next crawl.",
)
@click.option("--due", is_flag=True, help="Ask only the sources whose turn it is; schedules say this.")
@click.option("--now", is_flag=True, help="Ask also those that a site's Retry-After or the day's quota holds back.")
@common
def command(*, sources, only, since, limit, longest, due, now, config, quiet):
    """Read all sources and store what is new.

    \b
    A source that is named with --only is asked in any case.
    \b
    Example:  founderwatch crawl --since 7d
              founderwatch crawl --only 36kr --only techcrunch --limit 20
              founderwatch crawl --for 10m
    """
    try:
        registry = open_registry(config, sources)
        chosen = registry.choose(only)
        limit_day = oldest(since or config.since)
    except (RegistryError, ValueError) as error:
        fail(status.USAGE, str(error))
    with locked(config), _not_for_ever(longest), heartbeat(config.ping_url) as beat:
        began, turns = datetime.now(UTC), stored(config.database)
        choice = Choice(chosen) if only or now else choose(chosen, turns, began, due)
        if not choice.asked:
            beat.note = _nothing_due(choice, turns)
            with Alarm(config) as alarm:  # a digest may be due, or what a channel has not taken
                alarm.ended()
            if not quiet:
                click.echo(beat.note)
            _tell_troubles(*alarm.troubles, *beat.troubles)
            return
        reader, store = open_reader(config), open_store(config)
        try:
            store.look_over()
        except DatabaseError as error:
            fail(status.FAILED, str(error))
        store.register_sources(registry.sources)
        number = store.start_run("crawl")
        before = store.health()
        keep = Keep(store, reader.threshold, config.archive_folder)
        kept, extract = Archive.configured(config), ExtractApart()
        stages = {
            **({"archive": kept} if kept else {}),
            "extract": extract,
            "since": Since(limit_day),
            "deduplicate": Deduplicate(lambda: recent_texts(config.database, datetime.now(UTC) - _COPIES_WITHIN)),
            "classify": Classify(reader, config.judge == JUDGE_ALL),
            "store": keep,
        }
        with closing(extract), Alarm(config) as alarm, progress("crawling", quiet) as on_progress:
            with store.unhurried():
                report = run(
                    registry.sources,
                    stages,
                    only=[s.name for s in choice.asked],
                    since=limit_day,
                    limit=limit,
                    seen=store.is_known,
                    edited=store.is_edited,
                    states=store,
                    used={} if only or now else {name: turn.used(began) for name, turn in turns.items()},
                    on_progress=on_progress,
                    contact=config.contact,
                    longest=longest,
                )
            counts = {"found": report.total("found"), **{k: keep.counts[k] for k in ("new", "failed", "flagged")}}
            then = after(report, choice.asked, turns, store.published_since(began - LOOK_BACK), began)
            store.finish_run(number, counts, [_row(s, keep.new[s.name]) for s in report.sources], then)
            alarm.ended(found=report.exit_status != status.FAILED)
        changes = _changes(before, store.health(), [s.name for s in report.sources])
        if config.keep_texts:
            drop_texts(store.db, config.keep_texts, most=_MOST_DROPPED)
        archive_troubles = _look_after(kept, store, config)
        store.close()
        beat.note = _summary(report, keep.counts)
        _say(report, keep.counts, quiet)
        _tell_troubles(*alarm.troubles, *beat.troubles, *archive_troubles)
        for line in () if quiet else (*_held(choice, turns, began), *changes):
            click.echo(line)
        sys.exit(report.exit_status or (status.PARTLY if archive_troubles else status.DONE))


@contextmanager
def _not_for_ever(longest: int | None) -> Iterator[None]:
    """Ends a crawl that hangs long after its time was up, in whatever code: it would hold the lock against all others.

    It says where it hung, and its status is 1; nothing is lost that a kill would not lose.
    """
    if longest and sys.__stderr__:
        faulthandler.dump_traceback_later(longest + _GRACE, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _look_after(kept: Archive | None, store, config) -> list[str]:
    """Closes the archive and deletes what is beyond its limits; gives what went wrong."""
    troubles = []
    if kept is not None:
        kept.close()
        if kept.missed:
            troubles.append(f"archive: {kept.missed} pages could not be kept: {kept.trouble}")
    try:
        thin(store, config.archive_folder, config.archive)
    except OSError as error:
        troubles.append(
            f"archive: what is too old cannot be deleted from {config.archive_folder}: {error.strerror or error}"
        )
    return troubles


def _tell_troubles(*lines: str) -> None:
    for line in lines:
        click.echo(f"founderwatch: {safe(line)}", err=True)


def _nothing_due(choice: Choice, turns: Mapping[str, Turn]) -> str:
    names = [source.name for source in (*choice.held, *choice.waiting)]
    first = earliest(turns[name] for name in names)
    when = f"; the next one is due at {first:%H:%M} UTC" if first else ""
    held = f", {len(choice.held)} of them held back" if choice.held else ""
    return f"none of {len(names)} sources is due{held}{when} (`founderwatch crawl --now` asks all of them)"


def _held(choice: Choice, turns: Mapping[str, Turn], now: datetime) -> list[str]:
    """A line for each source that was not asked although it was its turn."""
    return [safe(f"{source.name}: {turns[source.name].in_words(now)}") for source in choice.held]


def _changes(before: Health, now: Health, names: list[str]) -> list[str]:
    """A line for each source that does otherwise than before this crawl."""
    lines = []
    for name in names:
        (was, _), (verdict, why) = before.get(name, ("never crawled", None)), now.get(name, ("never crawled", None))
        if was == verdict or (was, verdict) == ("never crawled", "healthy"):
            continue
        lines.append(safe(f"{name}: {was} → {verdict}" + (f" ({why})" if why and verdict != "healthy" else "")))
    return lines


def _row(source: SourceReport, new: int) -> dict:
    trouble = next((m for m in source.messages if m.stage != "note"), None)
    taken = ("channels", "channels_failed", "found", "known", "fetched", "failed", "unfetched", "extracted", "letters",
             "requests", "grade", "blocked")  # fmt: skip
    return {
        "source": source.name,
        **{name: getattr(source, name) for name in taken},
        "unchanged": source.channels_unchanged,
        "new": new,
        "newest": source.newest.isoformat(timespec="seconds") if source.newest else None,
        "causes": json.dumps(source.causes, ensure_ascii=False) if source.causes else None,
        "message": f"{trouble.url}: {trouble.reason}" if trouble else None,
    }


def _say(report, counts, quiet: bool) -> None:
    """One summary line on success; what went wrong always, on standard error."""
    troubles = [m for m in report.messages if m.stage != "note"]
    for message in troubles[:_MOST_MESSAGES]:
        click.echo(f"founderwatch: {safe(str(message))}", err=True)
    if len(troubles) > _MOST_MESSAGES:
        click.echo(f"founderwatch: … and {len(troubles) - _MOST_MESSAGES} more, in the table `failures`", err=True)
    if report.reason in CUT_SHORT:
        why = report.reason if report.reason == TIME_UP else "told to stop"
        behind = sorted(s.name for s in report.sources if s.left)
        names = ", ".join(behind[:_MOST_MESSAGES]) + (" …" if len(behind) > _MOST_MESSAGES else "")
        click.echo(
            f"founderwatch: {why}: {report.total('left')} channels and stories are left for the next crawl"
            + (f" ({safe(names)})" if behind else ""),
            err=True,
        )
    if report.exit_status == status.FAILED:
        why = report.reason if report.reason not in ("finished", *CUT_SHORT) else "no source answered"
        click.echo(f"founderwatch: nothing could be done: {safe(why)}", err=True)
    if not quiet:
        click.echo(_summary(report, counts))


def _summary(report, counts) -> str:
    seconds = (report.finished_at - report.started_at).total_seconds()
    return (
        f"{len(report.sources)} sources, {report.total('found')} stories named, {counts['new']} new,"
        f" {counts['flagged']} flagged, {counts['failed']} failed, in {seconds:.0f} s"
    )
