"""Joins the reports of one departure, from many outlets and in both languages, to one event.

A report joins an event when the name's key agrees, the employers do not contradict each other and the two were
published within a year. Two bearers of one name with different employers stay two.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from founderwatch.events.organisations import same_organisation

_APART = timedelta(days=365)
_STRENGTH = {"rumoured": 0, "expected": 1, "announced": 2, "confirmed": 3}
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Report:
    """One mention as merging sees it: its row in `mentions`, with the story's facts."""

    id: int
    event: str | None
    person: str | None
    person_key: str | None
    kind: str
    status: str
    score: float
    employer: str | None
    role: str | None
    seniority: str
    venture: str | None
    venture_kind: str
    focus: str | None
    when: str | None
    departed_from: str | None
    departed_to: str | None
    first_reported_by: str | None
    source: str | None
    outlet: str  # whose word it is: a copy's is that of its original
    published: str | None
    first_seen_at: str
    url: str
    reviewed: int  # whether a person has judged `event`

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.published or self.first_seen_at)


def clusters(reports: Sequence[Report]) -> list[list[Report]]:
    """Parts the reports that share a person's key into events; the order of arrival does not matter."""
    groups: list[list[Report]] = []
    # Reports that name the employer first: one that does not can then join the only group there is.
    for report in sorted(reports, key=lambda r: (r.employer is None, *_place(r))):
        fits = [g for g in groups if all(_agree(report, other) for other in g)]
        if len(fits) == 1 or (fits and report.employer):
            fits[0].append(report)
        else:
            groups.append([report])
    return [sorted(group, key=_place) for group in groups]


def event_row(reports: Sequence[Report], threshold: float, taken: frozenset[str] | set[str] = frozenset()) -> dict:
    """The row of `events` that a cluster of reports makes, oldest report first; its id is none of those taken."""
    founding = [r for r in reports if r.kind == "founds"]
    kind = "founds" if founding else Counter(r.kind for r in reports).most_common(1)[0][0]
    telling = [r for r in reports if r.kind == kind]
    best = sorted(telling, key=lambda r: -r.score)
    names = list(dict.fromkeys(r.person for r in reports if r.person))
    # Who is not leaving founds nothing either.
    status = _status([r for r in reports if r.kind == kind or (r.kind == "leaves" and r.status == "denied")])
    score = _score(telling)
    dated = next((r for r in best if r.departed_from), None)
    return {
        "id": _identifier(reports, taken),
        "person": max(names, key=lambda n: (not _HAN.search(n), len(n)), default=None),
        "names": json.dumps(names, ensure_ascii=False),
        "kind": kind,
        "status": status,
        "employer": _first(best, "employer"),
        "role": _first(best, "role"),
        "seniority": next((r.seniority for r in best if r.seniority != "unknown"), "unknown"),
        "venture": _first(best, "venture"),
        "venture_kind": next((r.venture_kind for r in best if r.venture_kind != "unknown"), "unknown"),
        "focus": _first(best, "focus"),
        "departed_from": dated.departed_from if dated else None,
        "departed_to": dated.departed_to if dated else None,
        "departed_words": dated.when if dated else _first(best, "when"),
        "first_reported_by": _first(reports, "first_reported_by") or reports[0].source,
        "first_seen_at": min(r.first_seen_at for r in reports),
        "published": min((r.published for r in reports if r.published), default=None),
        "score": round(score, 4),
        "sources": len({r.outlet.casefold() for r in reports}),
        "flagged": int(kind == "founds" and status != "denied" and score >= threshold),
    }


def _agree(one: Report, other: Report) -> bool:
    return abs(one.at - other.at) <= _APART and same_organisation(one.employer, other.employer)


def _status(reports: Sequence[Report]) -> str:
    """The strongest status told, unless a denial is the last word."""
    told = [r for r in reports if r.status != "denied"]
    denials = [r for r in reports if r.status == "denied"]
    if denials and (not told or max(r.at for r in denials) >= max(r.at for r in told)):
        return "denied"
    return max(told, key=lambda r: _STRENGTH[r.status]).status


def _score(reports: Sequence[Report]) -> float:
    """The surest report's score; copies and further reports add no certainty yet."""
    return max(r.score for r in reports)


def _first(reports: Sequence[Report], field: str) -> str | None:
    return next((getattr(r, field) for r in reports if getattr(r, field)), None)


def _identifier(reports: Sequence[Report], taken: frozenset[str] | set[str]) -> str:
    """The id that readers know the event by, one that a person has judged before any other; else a new one."""
    known = [r.event for r in sorted(reports, key=lambda r: not r.reviewed) if r.event and r.event not in taken]
    if known:
        return known[0]
    first = reports[0]
    who = first.person_key or f"{first.kind}, {first.employer}"
    seeds = (f"{who}|{first.url}" + (f"|{number}" if number else "") for number in itertools.count())
    fresh = ("ev-" + hashlib.sha256(seed.encode()).hexdigest()[:12] for seed in seeds)
    return next(identifier for identifier in fresh if identifier not in taken)


def _place(report: Report) -> tuple:
    """Where a report stands among the others, whatever the order in which they were stored."""
    return (report.at, report.url, report.kind, report.employer or "", report.person or "", report.id)
