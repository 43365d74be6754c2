"""How far the review is, and what it says of the model: precision of what it flags, and how much it misses."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from founderwatch.interval import Share, wilson


@dataclass(frozen=True)
class Progress:
    """What is left to judge, by the queue's kinds, and the estimates to date; None where nothing was judged."""

    left: dict[str, int]
    precision: Share | None
    recall: Share | None

    @property
    def total(self) -> int:
        return sum(self.left.values())


def load(connection: sqlite3.Connection) -> Progress:
    """Counts what is left and what was judged."""
    left = dict(
        connection.execute("select queue, count(*) from review_queue where queue <> 'likely' group by queue").fetchall()
    )
    left["likely"] = _count(
        connection,
        "select count(*) from events e where e.flagged = 1 and not exists (select 1 from verdicts v where v.event = e.id)",
    )
    said = {
        (queue, verdict): number
        for queue, verdict, number in connection.execute(
            "select queue, verdict, count(*) from verdicts where verdict <> 'unsure' group by queue, verdict"
        )
    }
    precision = _share(said, "likely")
    missed = _share(said, "sample")
    flagged = _count(connection, "select count(*) from events where flagged = 1")
    passed = _count(
        connection,
        "select count(*) from (select distinct article * 2654435761 % 4294967296 from assessments where flagged = 0 and skipped is null)",
    )
    kinds = {kind: left.get(kind, 0) for kind in ("likely", "uncertain", "sample")}
    return Progress(kinds, precision, recall(precision, missed, flagged, passed))


def recall(precision: Share | None, missed: Share | None, flagged: int, passed: int) -> Share | None:
    """Right events among all there are: those flagged, and those in stories passed over, as the sample tells.

    The ends are those of both intervals at their worst and at their best together, so they are rather too wide.
    """
    if precision is None or missed is None or not precision.value:
        return None

    def found(right: float, wrong: float) -> float:
        return right * flagged / (right * flagged + wrong * passed)

    return Share(
        found(precision.value, missed.value),
        found(precision.low, missed.high),
        found(precision.high, missed.low),
        missed.judged,
    )


def _share(said: dict, queue: str) -> Share | None:
    accepted, rejected = said.get((queue, "accept"), 0), said.get((queue, "reject"), 0)
    return wilson(accepted, accepted + rejected) if accepted + rejected else None


def _count(connection: sqlite3.Connection, sql: str) -> int:
    return connection.execute(sql).fetchone()[0]
