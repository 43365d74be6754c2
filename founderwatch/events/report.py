"""One mention as merging sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from founderwatch.events.people import Name, parse


@dataclass(frozen=True)
class Report:
    """One mention as merging sees it: its row in `mentions`, with the story's facts."""

    id: int
    article: int
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
    published: str | None  # a copy was published when its original was, whatever date it bears
    first_seen_at: str
    url: str
    namesakes: int  # how many of its story go before it under the same name
    reviewed: int  # whether a person has judged `event`
    is_copy: int
    common: int  # whether so many bear the name that it alone says nothing
    crowded: bool = False  # whether it gives a surname alone that so many leavers share that it may mean any of them

    @cached_property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.published or self.first_seen_at)

    @cached_property
    def name(self) -> Name | None:
        return parse(self.person)


def place(report: Report) -> tuple:
    """Where a report stands among the others, whatever the order in which they were stored."""
    return (report.at, report.url, report.kind, report.employer or "", report.person or "", report.id)


def stored_place(report: Report) -> tuple:
    """Where a report stands in the order of storing; within a story its words decide, as a second model may turn them."""
    return (report.article, report.kind, report.employer or "", report.id)
