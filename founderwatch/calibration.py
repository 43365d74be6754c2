"""Where the threshold has to stand so that what is flagged is right as often as a user wants, by the reviewers' verdicts."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from founderwatch.interval import Share, wilson

FEWEST = 20  # verdicts at or above a threshold, for its precision to mean anything


@dataclass(frozen=True)
class Step:
    """What a threshold would give: the precision of what reaches it, and how many of the accepted do."""

    threshold: float
    precision: Share
    kept: int  # accepted events that reach it
    accepted: int  # all accepted ones


def verdicts(connection: sqlite3.Connection) -> list[tuple[float, bool]]:
    """Score and verdict of each judged event to found something, as the model scores it now; without what people told."""
    rows = connection.execute(
        """select e.score, v.verdict = 'accept' from verdicts v join events e on e.id = v.event
           where v.verdict in ('accept', 'reject') and e.kind = 'founds' and e.merged_into is null
             and exists (select 1 from mentions m where m.event = e.id)
             and not exists (select 1 from told_by_hand t where t.review = v.id)
           order by e.score"""
    )
    return [(score, bool(right)) for score, right in rows.fetchall()]


def steps(judged: list[tuple[float, bool]]) -> list[Step]:
    """What each score that was judged would give as threshold, the lowest first; none where too few were judged."""
    accepted = sum(right for _, right in judged)
    found = []
    for score in sorted({score for score, _ in judged}):
        reaching = [right for other, right in judged if other >= score]
        if len(reaching) >= FEWEST:
            found.append(Step(score, wilson(sum(reaching), len(reaching)), sum(reaching), accepted))
    return found


def lowest(found: list[Step], wanted: float) -> Step | None:
    """The lowest threshold that gives the precision: it misses least."""
    return next((step for step in found if step.precision.value >= wanted), None)
