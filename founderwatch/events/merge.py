"""Joins the reports of one departure, from many outlets and in both languages, to one event.

Two reports may tell of one departure when the person's names are alike, the employers do not contradict each other and the
times fit. The weaker the likeness of the names, the more else must agree: a name in another romanisation needs the
employer, a surname alone the employer within six weeks, a misspelt name the post, too. Two bearers of one name
with different employers stay two. What comes out depends on the reports alone, not on the order in which they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from founderwatch.events.organisations import related, same_organisation
from founderwatch.events.people import SAME, SHORT, SLIP, SOUND, SPELLING, alike, clash
from founderwatch.events.report import Report, place
from founderwatch.events.rulings import FREE, Bonds

NEAR = timedelta(days=45)  # between reports whose names are not quite the same
_APART = timedelta(days=365)
_RETOLD = timedelta(days=3 * 365)  # between reports that tell of the same venture or the same days of departure
_OVERLAP = timedelta(days=31)
_HAN = re.compile(r"[\u3400-\u9fff]")

_alike = lru_cache(65536)(alike)


class _Group:
    """Reports that are one event so far."""

    def __init__(self, report: Report):
        self.reports: list[Report] = []
        self.speaking: dict[tuple, Report] = {}  # one report for each name and employer that others are held against
        self.keys: set[str] = set()
        self.first = self.last = report.at
        self.add(report)

    def add(self, report: Report) -> None:
        self.reports.append(report)
        self.first, self.last = min(self.first, report.at), max(self.last, report.at)
        if _standing(report) < 2 or len(self.reports) == 1:
            self.speaking.setdefault((report.person, report.employer), report)
            self.keys.add(report.person_key)

    def absorb(self, report: Report) -> None:
        """Adds a report of which something else than its own words says that it belongs here."""
        self.add(report)

    def takes(self, report: Report) -> bool:
        links = set()
        for other in self.speaking.values():
            how = _link(report, other)
            if how is None and (
                clash(report.name, other.name) or not same_organisation(report.employer, other.employer)
            ):
                return False
            links.add(how)
        links -= {None, SLIP}
        if not links:
            return False
        if links <= {SHORT, SOUND}:
            return any(abs(report.at - other.at) <= NEAR and _agree(report, other) for other in self.reports)
        timely = max(abs(report.at - self.first), abs(report.at - self.last)) <= _APART
        return timely or any(_told_the_same(report, other) for other in self.reports)

    def is_covered_by(self, report: Report) -> bool:
        """Whether the report's name holds the group's as a part."""
        return any(_link(report, other) in (SAME, SPELLING) for other in self.speaking.values())

    def slips_into(self, other: _Group) -> bool:
        """Whether this is the other's event under a misspelt name."""
        return any(
            _alike(one.name, two.name) == SLIP for one in self.speaking.values() for two in other.speaking.values()
        ) and any(_agree(one, two) for one in self.reports for two in other.reports)

    @property
    def weight(self) -> tuple:
        """The better told of two groups has the right name: by more outlets, or earlier."""
        oldest = min(self.reports, key=place)
        return (len({r.outlet for r in self.reports}), -oldest.at.timestamp(), oldest.url, oldest.person or "")


class _Ruled(_Group):
    """Reports that a person has ruled to be one event, whatever they say: others join those that they agree with."""

    def __init__(self, reports: Sequence[Report]):
        self.reports = list(reports)
        self.parts = _grouped(reports)
        self.keys = {key for part in self.parts for key in part.keys}
        self.speaking = {key: report for part in self.parts for key, report in part.speaking.items()}

    def add(self, report: Report) -> None:
        self.reports.append(report)
        next(part for part in self.parts if part.takes(report)).add(report)

    def absorb(self, report: Report) -> None:
        self.reports.append(report)

    def takes(self, report: Report) -> bool:
        return any(part.takes(report) for part in self.parts)


def agree(one: Report, other: Report) -> bool:
    """Whether two reports may tell of one departure."""
    return bool(one.name and other.name) and _agree(one, other)


def clusters(reports: Sequence[Report], bonds: Bonds = FREE) -> list[list[Report]]:
    """Parts reports into events; the order of arrival does not matter."""
    by_id = {report.id: report for report in reports}
    wholes = [[by_id[one] for one in sorted(whole) if one in by_id] for whole in bonds.wholes]
    ruled = {report.id for whole in wholes for report in whole}
    loose = [report for report in reports if report.id not in ruled]
    ordered = sorted((sorted(whole, key=place) for whole in wholes if whole), key=lambda whole: place(whole[0]))
    groups = _grouped(loose, [_Ruled(whole) for whole in ordered])
    nameless = [[report] for report in loose if not report.name]  # merged with nothing
    return [sorted(group.reports, key=place) for group in groups] + nameless


def _grouped(reports: Iterable[Report], known: Sequence[_Group] = ()) -> list[_Group]:
    """The groups that reports with a name make, together with those that are known."""
    groups = list(known)
    ordered = sorted((r for r in reports if r.name), key=_certainty)
    for report in (r for r in ordered if _standing(r) < 2):
        _place_in(groups, report)
    groups = _without_slips(groups)
    for report in (r for r in ordered if _standing(r) == 2):
        _place_in(groups, report)
    return groups


def _place_in(groups: list[_Group], report: Report) -> None:
    fits = [g for g in groups if g.takes(report)]
    if sum(isinstance(g, _Ruled) for g in fits) > 1:
        # A person has parted what looks alike: the report goes where it says most of the same.
        fits = [max(fits, key=lambda g: max(_nearness(report, other) for other in g.reports))]
    if report.name.covers and len(fits) > 1 and all(g.is_covered_by(report) for g in fits):
        # Giulia Castellano Orsini is Giulia Castellano and Giulia Orsini, so that these two are one.
        fits = [_united(groups, fits)]
    namesakes = [g for g in fits if report.person_key in g.keys]
    if namesakes and _standing(report) == 0:
        # Of two who sound alike in one company, the one of that post.
        max(namesakes, key=lambda g: max(_nearness(report, other) for other in g.reports)).add(report)
    elif len(fits) == 1:
        fits[0].add(report)
    else:
        groups.append(_Group(report))


def _united(groups: list[_Group], fits: list[_Group]) -> _Group:
    """Makes one group of several, unless two names among them cannot both be right; then the first stays alone."""
    whole, *others = fits
    for other in others:
        at_odds = any(clash(a.name, b.name) for a in whole.speaking.values() for b in other.speaking.values())
        if at_odds or isinstance(other, _Ruled):
            continue
        for report in other.reports:
            whole.absorb(report)
        groups.remove(other)
    return whole


def _nearness(report: Report, other: Report) -> tuple:
    return (
        bool(report.venture and other.venture and report.venture.casefold() == other.venture.casefold()),
        bool(report.role and other.role and _same_post(report, other)),
        -abs(report.at - other.at),
        other.url,
    )


def _without_slips(groups: list[_Group]) -> list[_Group]:
    """The groups, those under a misspelt name joined to the one that they can only mean."""
    kept = sorted(groups, key=lambda g: g.weight)
    for small in list(kept):
        if isinstance(small, _Ruled):
            continue
        meant = [g for g in kept if g is not small and small.slips_into(g)]
        if len(meant) == 1 and (isinstance(meant[0], _Ruled) or meant[0].weight > small.weight):
            meant[0].reports += small.reports
            kept.remove(small)
    return kept


def _certainty(report: Report) -> tuple:
    """Full names with an employer come first, and of these what can be read in one way: others join what they can only mean."""
    return (_standing(report), not report.name.han, len(report.name.keys) > 1, *place(report))


def _standing(report: Report) -> int:
    """0 for a full name with an employer, 1 for one without, 2 for a surname alone or with an initial."""
    return 2 if report.name.is_short else int(report.employer is None)


def _link(one: Report, other: Report) -> str | None:
    """How alike the names of two reports are, where the employers allow it."""
    how = _alike(one.name, other.name)
    if how == SAME and not one.common:
        return how if same_organisation(one.employer, other.employer) else None
    # One story that writes two names speaks of two people.
    if how is None or not (one.employer and other.employer) or (how != SAME and one.article == other.article):
        return None
    if how == SHORT and (one.crowded or other.crowded):
        return None
    by_itself = how == SPELLING and not (one.common or other.common)
    return how if (same_organisation if by_itself else related)(one.employer, other.employer) else None


def _agree(one: Report, other: Report) -> bool:
    how = _link(one, other)
    if how is None:
        return False
    if how in (SHORT, SLIP, SOUND):
        return abs(one.at - other.at) <= NEAR and (how != SLIP or _same_post(one, other))
    return abs(one.at - other.at) <= _APART or _told_the_same(one, other)


def _told_the_same(one: Report, other: Report) -> bool:
    """Whether two reports, years apart, name the same venture or the same days."""
    if abs(one.at - other.at) > _RETOLD:
        return False
    if one.venture and other.venture and one.venture.casefold() == other.venture.casefold():
        return True
    if not (one.departed_from and one.departed_to and other.departed_from and other.departed_to):
        return False
    first, last = max(one.departed_from, other.departed_from), min(one.departed_to, other.departed_to)
    return datetime.fromisoformat(first) - datetime.fromisoformat(last) <= _OVERLAP


def _same_post(one: Report, other: Report) -> bool:
    """Whether two roles share a word, and not only that for a rank; in two scripts, whether they are of one seniority."""
    if one.role and other.role and bool(_HAN.search(one.role)) == bool(_HAN.search(other.role)):
        here, there = _pieces(one.role), _pieces(other.role)
        if here - _RANKS and there - _RANKS:
            here, there = here - _RANKS, there - _RANKS
        return bool(here & there)
    return one.seniority == other.seniority != "unknown"


def _pieces(role: str) -> set[str]:
    """The words of a role, or its pairs of characters."""
    if _HAN.search(role):
        return {role[at : at + 2] for at in range(len(role) - 1)}
    return {
        word for word in re.findall(r"\w{4,}|\b[ctp]\wo\b", role.casefold()) if word not in ("senior", "former", "with")
    }


# Words of roles that say how high and not what: two directors of one company are two people.
_RANKS = frozenset(
    re.findall(
        r"[a-z]+|[\u3400-\u9fff]{2}",
        "director head chief manager engineer lead leader vice president officer executive founder founding partner professor"
        " researcher scientist associate principal staff"
        " 总监负责责人经理主管工程程师总裁副总专家研究究员首席科学学家教授高级资深合伙伙人主任院长总经创始始人联合技术术总总工",
    )
)
