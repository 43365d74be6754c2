"""How sure an event is, and why, in words.

The surest report counts in full. Each further source that is independent of it adds evidence: the log-odds of its surest report,
less a starting-point, times a weight, since outlets err alike, and so does merging. Both are fitted on the gold clusters for
tuning (benchmarks/event_scores.py --fit). Copies add nothing, nor do outlets that credit each other.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from founderwatch.events.report import Report

WEIGHT = 0.2  # of what a further independent source adds
START = 0.7  # what a report's score must exceed to add anything
_SUREST = 0.9999
_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_HAN_NUMBERS = "零一两三四五六七八九十"


@dataclass(frozen=True)
class Basis:
    """What an event's score rests on."""

    scores: tuple[float, ...]  # the surest report of each independent source, the surest first
    named: int  # sources in which the person or the employer speaks
    outlets: int  # copies left out; more than the sources where outlets credit each other
    copies: int
    denials: int  # outlets that tell a denial

    @property
    def sources(self) -> int:
        return len(self.scores)


def basis(reports: Sequence[Report], denials: Sequence[Report] = ()) -> Basis:
    """What the reports of an event's kind, and the denials of it, amount to."""
    origin = _origins(reports)
    scores: dict[str, float] = defaultdict(float)
    named = set()
    for report in reports:
        source = origin[_plain(report.outlet)]
        scores[source] = max(scores[source], report.score)
        if report.status in ("announced", "denied"):
            named.add(source)
    return Basis(
        scores=tuple(sorted(scores.values(), reverse=True)),
        named=len(named),
        outlets=len({_plain(r.outlet) for r in reports}),
        copies=sum(r.is_copy for r in reports),
        denials=len({_plain(r.outlet) for r in denials}),
    )


def combined(scores: Sequence[float]) -> float:
    """The probability that an event is right of which each independent source's surest report is so sure, the surest first."""
    best, *others = scores
    if best in (0, 1):
        return best
    more = WEIGHT * sum(max(0.0, _log_odds(other) - _log_odds(START)) for other in others if 0 < other < 1)
    return min(1 / (1 + math.exp(-_log_odds(best) - more)), max(best, _SUREST)) if more else best


def judged(score: float, verdict: str | None) -> float:
    """The score once a person has judged the event: he is right."""
    return {"accept": 1.0, "reject": 0.0}.get(verdict or "", score)


def words(told: Mapping, verdict: str | None = None, language: str = "en") -> str:
    """The basis of a score (as a mapping, as it is stored) in words: two independent sources, one named."""
    return (_chinese if language == "zh" else _english)(told, verdict)


def _english(told: Mapping, verdict: str | None) -> str:
    sources = len(told["scores"])
    number = _NUMBERS[sources] if sources < len(_NUMBERS) else str(sources)
    named = (
        "named"
        if sources == told["named"] == 1
        else "none named"
        if not told["named"]
        else f"{_count(told['named'])} named"
    )
    parts = [f"{number} independent sources, {named}" if sources > 1 else f"one source, {named.replace('none', 'not')}"]
    if told["outlets"] > sources:
        parts.append(f"{_count(told['outlets'])} outlets, some of which credit each other")
    if told["copies"]:
        parts.append(f"{_count(told['copies'])} {'copy' if told['copies'] == 1 else 'copies'} left out")
    if told["denials"]:
        parts.append(f"denied by {_count(told['denials'])}")
    if verdict in ("accept", "reject"):
        parts.insert(0, f"{verdict}ed by a reviewer")
    return "; ".join(parts)


def _chinese(told: Mapping, verdict: str | None) -> str:
    sources = len(told["scores"])
    named = "均未具名" if not told["named"] else f"{_han(told['named'])}个具名"
    parts = [
        f"{_han(sources)}个独立来源，{named}" if sources > 1 else f"一个来源，{'具名' if told['named'] else '未具名'}"
    ]
    if told["outlets"] > sources:
        parts.append(f"{_han(told['outlets'])}家媒体，有的互相援引")
    if told["copies"]:
        parts.append(f"{_han(told['copies'])}篇转载不计")
    if told["denials"]:
        parts.append(f"{_han(told['denials'])}家报道否认")
    if verdict in ("accept", "reject"):
        parts.insert(0, {"accept": "已由审核人确认", "reject": "已被审核人否决"}[verdict])
    return "；".join(parts)


def _origins(reports: Sequence[Report]) -> dict[str, str]:
    """For each outlet, whose word it is: outlets that credit one of the others, or the same third, are one source."""
    names = {_plain(name): _plain(r.outlet) for r in reports for name in (r.source, r.outlet) if name}
    origin = {_plain(r.outlet): _plain(r.outlet) for r in reports}

    def head(name: str) -> str:
        while origin.setdefault(name, name) != name:
            name = origin[name]
        return name

    for report in reports:
        credited = _plain(report.first_reported_by or "")
        if credited:
            one, other = sorted((head(_plain(report.outlet)), head(names.get(credited, credited))))
            origin[other] = one
    return {name: head(name) for name in origin}


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold() or name


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _count(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _han(number: int) -> str:
    return _HAN_NUMBERS[number] if number < len(_HAN_NUMBERS) else str(number)
