"""The row of `events` that the reports of one departure make, and its identifier."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from founderwatch.events import departure, score
from founderwatch.events.people import person_key
from founderwatch.events.report import Report, stored_place
from founderwatch.events.rulings import FREE, Bonds

_STRENGTH = {"rumoured": 0, "expected": 1, "announced": 2, "confirmed": 3}
_HAN = re.compile(r"[\u3400-\u9fff]")


def event_row(
    reports: Sequence[Report],
    threshold: float,
    taken: frozenset[str] | set[str] = frozenset(),
    bonds: Bonds = FREE,
) -> dict:
    """The row of `events` that a cluster of reports makes, oldest report first; its id is none of those taken."""
    founding = [r for r in reports if r.kind == "founds"]
    kind = "founds" if founding else Counter(r.kind for r in reports).most_common(1)[0][0]
    telling = [r for r in reports if r.kind == kind]
    best = sorted(telling, key=lambda r: -r.score)
    first = min(r.at for r in reports)
    names = list(dict.fromkeys(r.person for r in reports if r.person))
    # A name that is written oftener outdoes a longer one, which may be misspelt.
    spelt = Counter(r.person_key for r in reports if r.name and not r.name.is_short)
    status = settled([(r.status, r.at.isoformat()) for r in reports if bears(r.kind, r.status, kind)])
    basis = score.basis(
        [r for r in telling if r.status != "denied"] or telling, [r for r in reports if r.status == "denied"]
    )
    probability = score.combined(basis.scores)
    departed = departure.told(best)
    published = min((r.published for r in reports if r.published), default=None)
    return {
        "id": _identifier(reports, taken, bonds),
        "person": max(names, key=lambda n: (not _HAN.search(n), spelt[person_key(n)], len(n)), default=None),
        "names": json.dumps(names, ensure_ascii=False),
        "kind": kind,
        "status": status,
        "employer": _first(best, "employer"),
        "role": _first(best, "role"),
        "seniority": next((r.seniority for r in best if r.seniority != "unknown"), "unknown"),
        "venture": _first(best, "venture"),
        "venture_kind": next((r.venture_kind for r in best if r.venture_kind != "unknown"), "unknown"),
        "focus": _first(best, "focus"),
        "departed_from": departed.start,
        "departed_to": departed.end,
        "departed_words": departed.words,
        "first_reported_by": _first(reports, "first_reported_by") or reports[0].source,
        "first_seen_at": min(r.first_seen_at for r in reports),
        "published": published,
        "score": round(probability, 4),
        "sources": len({r.outlet.casefold() for r in reports}),
        "flagged": int(
            kind == "founds"
            and status != "denied"
            and probability >= threshold
            and not departure.is_past(departed, first)
        ),
        "merged_into": None,
        "retells": None,
        "basis": json.dumps(asdict(basis)),
    }


def bears(kind: str, status: str, on: str) -> bool:
    """Whether a report of a kind bears on the status of an event of a kind: who is not leaving founds nothing either."""
    return kind == on or (kind == "leaves" and status == "denied")


def settled(told: Sequence[tuple[str, str]]) -> str | None:
    """The strongest status told, unless a denial is the last word; `told` is statuses with the time of their reports."""
    sayings = [(status, at) for status, at in told if status != "denied"]
    denials = [at for status, at in told if status == "denied"]
    if denials and (not sayings or max(denials) >= max(at for _, at in sayings)):
        return "denied"
    return max((status for status, _ in sayings), key=_STRENGTH.__getitem__, default=None)


def _first(reports: Sequence[Report], field: str) -> str | None:
    return next((getattr(r, field) for r in reports if getattr(r, field)), None)


def _identifier(reports: Sequence[Report], taken: frozenset[str] | set[str], bonds: Bonds) -> str:
    """The id that a person has ruled or judged the event by, else the first report's own: computed anew, it comes out the same.

    First is what was stored first, since what was published earlier may come later.
    """
    stored = sorted(reports, key=stored_place)
    kept = [*bonds.identifiers(r.id for r in stored), *(r.event for r in stored if r.reviewed)]
    if known := next((identifier for identifier in kept if identifier not in taken), None):
        return known
    return fresh_identifier(stored, taken)


def fresh_identifier(reports: Iterable[Report], taken: frozenset[str] | set[str]) -> str:
    """The id that follows from what the report that was stored first says."""
    first = min(reports, key=stored_place)
    who = first.person_key or f"{first.kind}, {first.employer}"
    # Two leavers of one story who are called alike are counted; an id that a judged event has kept is passed over.
    numbers = itertools.count(first.namesakes)
    seeds = (f"{who}|{first.url}" + (f"|{number}" if number else "") for number in numbers)
    fresh = ("ev-" + hashlib.sha256(seed.encode()).hexdigest()[:12] for seed in seeds)
    return next(identifier for identifier in fresh if identifier not in taken)
