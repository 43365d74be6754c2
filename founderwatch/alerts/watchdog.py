"""Notices founderwatch's own troubles: each is told when it begins and when it is over.

A trouble begins at one mark and ends at another, so that what stands at the mark is not told again and again.
"""

from __future__ import annotations

import math
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from founderwatch.config import Config
from founderwatch.database.outbox import Outbox

_RECENT, _HISTORY = timedelta(days=1), timedelta(days=28)
_LEAST_HISTORY = timedelta(days=7)
# A crawl every few minutes looks a hundred times a day: by chance alone this comes once in years.
_BEGINS, _ENDS = 1e-5, 1e-2
_ROOM = 1.1  # free disk must be so many times the limit before the trouble is over


def examine(outbox: Outbox, config: Config, now: datetime) -> None:
    """Looks for troubles, and puts those that begin or end on the list of the channels that want to know."""
    lasting = outbox.lasting_troubles()
    names = [channel.name for channel in config.alert if channel.troubles]
    for kind, (begins, ends, figures) in _measured(outbox, config, now).items():
        if kind in lasting and ends:
            outbox.end_trouble(lasting[kind], names, now)
        elif kind not in lasting and begins:
            outbox.begin_trouble(kind, figures, names, now)


def _measured(outbox: Outbox, config: Config, now: datetime) -> dict[str, tuple[bool, bool, dict]]:
    """For each kind of trouble: whether it would begin, whether it would end, and its figures."""
    limits, found = config.watchdog, {}
    if limits.silent and (newest := outbox.newest_story()):
        quiet = now - newest
        figures = {"hours": int(quiet.total_seconds() // 3600), "newest": _minute(newest)}
        found["silent"] = (quiet >= limits.silent, quiet < limits.silent, figures)
    if limits.unusual:
        found |= _unusual(outbox, now)
    if limits.disk_free:
        folder = config.database.absolute().parent
        free = shutil.disk_usage(folder).free
        figures = {"free": _size(free), "folder": str(folder), "limit": _size(limits.disk_free)}
        found["disk"] = (free < limits.disk_free, free > _ROOM * limits.disk_free, figures)
    for kind, limit, size in (
        ("database", limits.database_size, _weight(config.database)),
        ("archive", limits.archive_size, _weight(config.archive_folder)),
    ):
        if limit:
            found[kind] = (size > limit, size <= limit, {"size": _size(size), "limit": _size(limit)})
    return found


def _unusual(outbox: Outbox, now: datetime) -> dict[str, tuple[bool, bool, dict]]:
    """Compares the share of flagged stories of the last day with that of the four weeks before; copies come in bundles,
    and are left out."""
    first = outbox.oldest_story()
    if first is None or now - first < _RECENT + _LEAST_HISTORY:
        return {}
    stories, flagged = outbox.flagged_between(now - _RECENT, now)
    before, flagged_before = outbox.flagged_between(now - _RECENT - _HISTORY, now - _RECENT)
    if not stories or not before:
        return {}
    many, few = odds(flagged, stories, flagged_before, before)
    figures = {
        "flagged": flagged,
        "stories": stories,
        "days": _RECENT.days,
        "before": min(_HISTORY, now - _RECENT - first).days,
        "usual": round(flagged_before * stories / before, 1),
    }
    return {"many": (many < _BEGINS, many > _ENDS, figures), "few": (few < _BEGINS, few > _ENDS, figures)}


def odds(flagged: int, stories: int, flagged_before: int, before: int) -> tuple[float, float]:
    """How likely it is by chance alone that so many or more, and so few or fewer, of the recent stories are flagged.

    If nothing has changed, each of all flagged stories is as likely to be one of the recent as any story is: the number
    of recent ones is binomial, whatever the rate.
    """
    share, together = stories / (stories + before), flagged + flagged_before
    return _at_least(flagged, together, share), _at_least(together - flagged, together, 1 - share)


def _at_least(hits: int, tries: int, chance: float) -> float:
    """The probability of so many hits or more: the upper tail of the binomial distribution."""
    if hits <= tries * chance:
        # From there upwards is most of it: the rest is counted, by the failures.
        return 1.0 - (_tail(tries - hits + 1, tries, 1 - chance) if hits > 0 else 0.0)
    return _tail(hits, tries, chance)


def _tail(hits: int, tries: int, chance: float) -> float:
    """The same, summed from the largest term on, for more hits than are expected."""
    if hits > tries:
        return 0.0
    choices = math.lgamma(tries + 1) - math.lgamma(hits + 1) - math.lgamma(tries - hits + 1)
    term = math.exp(choices + hits * math.log(chance) + (tries - hits) * math.log1p(-chance))
    total = term
    while hits < tries and term > total * 1e-12:
        term *= (tries - hits) / (hits + 1) * chance / (1 - chance)
        hits += 1
        total += term
    return total


def _weight(path: Path) -> int:
    """The bytes of a file with its write-ahead log, or of all files in a folder; 0 where there is none."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in (path, Path(f"{path}-wal")) if file.is_file())


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
