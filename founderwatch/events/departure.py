"""When somebody leaves: what the reports say together, how precisely, and whether that is long past."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from founderwatch.events.report import Report

AGE_LIMIT = timedelta(days=3 * 365 + 1)  # between the departure and its first report, as for a single story
# Days that a range may have at most to be called so.
_PRECISION = {1: "day", 7: "week", 31: "month", 92: "quarter", 184: "half-year", 366: "year"}


@dataclass(frozen=True)
class Departure:
    """First and last day (ISO) that the reports' words allow, and the words; None where nothing is told."""

    start: str | None = None
    end: str | None = None
    words: str | None = None


def told(reports: Iterable[Report]) -> Departure:
    """What the most precise report says, narrowed by those that agree with it; of equally precise ones the first.

    Reports that contradict it stay in the event's history.
    """
    reports = list(reports)
    dated = sorted(
        (r for r in reports if r.departed_from and r.departed_to), key=lambda r: _days(r.departed_from, r.departed_to)
    )
    if not dated:
        return Departure(words=next((r.when for r in reports if r.when), None))
    best = dated[0]
    start, end = best.departed_from, best.departed_to
    for other in dated[1:]:
        if other.departed_from <= end and other.departed_to >= start:
            start, end = max(start, other.departed_from), min(end, other.departed_to)
    return Departure(start, end, best.when)


def precision(start: str | None, end: str | None) -> str | None:
    """How precisely the days are known: day, week, month, quarter, half-year, year or years; None without days."""
    if not start or not end:
        return None
    days = _days(start, end) + 1
    return next((name for most, name in _PRECISION.items() if days <= most), "years")


def is_past(departure: Departure, first: datetime) -> bool:
    """Whether the departure was old already when it was first reported: a biography, not news."""
    return departure.end is not None and first.date() - date.fromisoformat(departure.end) > AGE_LIMIT


def _days(start: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days
