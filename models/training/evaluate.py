"""Measures a model on gold stories: flags, events, fields, for each language and together.

Events match by kind and person (the same name, or one form a part of the other). A field is right where one text
contains the other and is at most three times as long, or where both are null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from founderwatch.events.organisations import Agreement, compare
from founderwatch.items import Assessment
from models.persons import HAN, is_part, name_parts

FIELDS = ("person", "employer", "status", "venture", "role", "focus", "when", "first_reported_by")
# What a reader would still call right: the organisation under another of its names (谷歌, Google; a unit, its parent), and
# a status on the same side of rumour and denial.
LOOSER = {"employer": "organisation", "status": "standing"}
_MEASURED = (*FIELDS, *LOOSER.values())
_RESAMPLES = 1000


@dataclass(frozen=True)
class GoldStory:
    """One gold line: the scan's fields, and what is true of it."""

    id: str
    language: str
    title: str
    body: str
    published: str | None
    events: tuple[dict, ...]
    flag: bool
    complete: bool = True
    unlabelled: frozenset[str] = frozenset()

    @classmethod
    def read(cls, row: dict) -> GoldStory:
        events = tuple(row.get("events") or ())
        flag = row.get("flag")
        if flag is None:
            flag = any(e["kind"] == "founds" and e.get("status") != "denied" for e in events)
        return cls(
            str(row.get("id", "")),
            row.get("language") or "und",
            row.get("title") or "",
            row.get("body") or "",
            row.get("published"),
            events,
            bool(flag),
            row.get("complete", True) is not False,
            frozenset(row.get("unlabelled_fields") or ()),
        )


@dataclass
class Tally:
    """One story's share in every measure."""

    gold: GoldStory
    flagged: bool
    score: float
    hits: int = 0
    told: int = 0  # events that the model tells, with a person
    wanted: int = 0  # gold events with a person
    fields: dict[str, list[bool]] = field(default_factory=lambda: {name: [] for name in _MEASURED})
    errors: list[str] = field(default_factory=list)


def tally(gold: GoldStory, found: Assessment) -> Tally:
    """Compares one story's judgement with its gold."""
    result = Tally(gold, found.flagged, found.score)
    if found.flagged != gold.flag:
        result.errors.append(f"{'false alarm' if found.flagged else 'missed'} (score {found.score:.3f})")
    if not gold.complete:
        return result
    wanted = [e for e in gold.events if e.get("person")]
    told = [m for m in found.mentions if m.person]
    result.wanted, result.told = len(wanted), len(told)
    left = list(told)
    text = f"{gold.title}\n{gold.body}"
    for event in wanted:
        match = next(
            (m for m in left if m.kind == event["kind"] and same_person(m.person, event["person"], text)), None
        )
        if match is None:
            result.errors.append(f"no {event['kind']} event of {event['person']}")
            continue
        left.remove(match)
        result.hits += 1
        for name in FIELDS:
            if name in gold.unlabelled or name not in event:
                continue
            if name == "person":
                right = name_parts(match.person) == name_parts(event["person"]) or _in_brackets(
                    match.person, event["person"], text
                )
            elif name == "status":
                right = match.status == event["status"]
            else:
                right = same_text(getattr(match, name), event[name])
            result.fields[name].append(right)
            if name in LOOSER:
                result.fields[LOOSER[name]].append(right or _nearly(name, getattr(match, name), event[name]))
            if not right:
                result.errors.append(f"{event['person']}: {name} {getattr(match, name)!r}, gold {event[name]!r}")
    result.errors += [f"no such event: {m.person} {m.kind} (score {m.score:.3f})" for m in left]
    return result


def _nearly(name: str, one: str | None, other: str | None) -> bool:
    """Whether two employers are one organisation or a unit of the other, or neither of two statuses is doubt or denial."""
    if name == "employer":
        return compare(one, other) is Agreement.AGREE
    return not {one, other} & {"rumoured", "denied"}


def same_person(one: str, other: str, text: str = "") -> bool:
    """Whether two names are the same, one form a part of the other, or two forms that the text puts side by side."""
    first, second = sorted((name_parts(one), name_parts(other)), key=len)
    if first == second or is_part(first, second) or "".join(first) in "".join(second):
        return True
    return _in_brackets(one, other, text)


def _in_brackets(one: str, other: str, text: str) -> bool:
    """Whether two names are one in two scripts: 杰西·霍尔布鲁克（Jesse Holbrook）, in the text or as one of the names."""
    for first, second in ((one, other), (other, one)):
        if HAN.search(first) and not HAN.search(second):
            together = (
                rf"{re.escape(first)}\s*[(（]\s*{re.escape(second)}|{re.escape(second)}\s*[(（]\s*{re.escape(first)}"
            )
            return second in first or bool(re.search(together, text))
    return False


def same_text(one: str | None, other: str | None) -> bool:
    """Whether one text contains the other and is at most three times as long; nothing matches nothing."""
    if not one or not other:
        return not one and not other
    short, long = sorted((one.casefold().strip(), other.casefold().strip()), key=len)
    return short in long and len(long) <= 3 * len(short)


def measures(tallies: Sequence[Tally]) -> dict:
    """All measures of some stories, each as {value, low, high, n} with a 95% interval by resampling."""
    tallies = list(tallies)
    source = np.random.default_rng(7)
    draws = source.integers(0, len(tallies), (_RESAMPLES, len(tallies))) if tallies else []
    columns = {name: np.array([getter(t) for t in tallies], float) for name, getter in _COLUMNS.items()}
    for name in _MEASURED:
        columns[f"{name}_right"] = np.array([sum(t.fields[name]) for t in tallies], float)
        columns[f"{name}_asked"] = np.array([len(t.fields[name]) for t in tallies], float)
    report: dict = {"stories": len(tallies), "flag": {}, "events": {}, "fields": {}}
    for group, (hit, told, wanted) in {
        "flag": ("flag_hit", "flag_told", "flag_wanted"),
        "events": ("hits", "told", "wanted"),
    }.items():
        for name, over in {"precision": (told,), "recall": (wanted,), "f1": (told, wanted)}.items():
            report[group][name] = _ratio(columns[hit], sum(columns[c] for c in over) / len(over), draws)
    for name in _MEASURED:
        report["fields"][name] = _ratio(columns[f"{name}_right"], columns[f"{name}_asked"], draws)
    report["flag"]["average_precision"] = _average_precision(tallies)
    wrong = columns["flag_told"] - columns["flag_hit"]
    report["flag"]["false_alarms"] = int(wrong.sum())
    report["flag"]["false_alarm_rate"] = _ratio(wrong, 1 - columns["flag_wanted"], draws)
    return report


_COLUMNS = {
    "flag_hit": lambda t: t.flagged and t.gold.flag,
    "flag_told": lambda t: t.flagged,
    "flag_wanted": lambda t: t.gold.flag,
    "hits": lambda t: t.hits,
    "told": lambda t: t.told,
    "wanted": lambda t: t.wanted,
}


def _ratio(part: np.ndarray, whole: np.ndarray, draws) -> dict:
    n = float(whole.sum())
    if not n:
        return {"value": None, "low": None, "high": None, "n": 0}
    parts, wholes = part[draws].sum(1), whole[draws].sum(1)
    ratios = parts[wholes > 0] / wholes[wholes > 0]
    low, high = np.percentile(ratios, [2.5, 97.5])
    return {
        "value": round(float(part.sum()) / n, 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "n": round(n, 1),
    }


def _average_precision(tallies: Sequence[Tally]) -> float | None:
    """Area under precision over recall, stories ranked by score; ties share a rank."""
    wanted = sum(t.gold.flag for t in tallies)
    if not wanted:
        return None
    area = hits = seen = 0.0
    for score in sorted({t.score for t in tallies}, reverse=True):
        here = [t.gold.flag for t in tallies if t.score == score]
        seen += len(here)
        gained = sum(here)
        hits += gained
        area += gained / wanted * hits / seen
    return round(area, 4)


def by_language(tallies: Iterable[Tally]) -> dict[str, dict]:
    """Measures for each language and together, under its code and `all`."""
    tallies = list(tallies)
    groups = {
        code: [t for t in tallies if t.gold.language == code] for code in sorted({t.gold.language for t in tallies})
    }
    return {code: measures(group) for code, group in (groups | {"all": tallies}).items()}
