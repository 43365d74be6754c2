"""Brings events up to date with what their reports say, what people have ruled, and what the user watches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlite_utils import Database

from founderwatch.database import careers, gathering, watches
from founderwatch.events.event import event_row
from founderwatch.events.merge import clusters
from founderwatch.events.report import Report, stored_place
from founderwatch.events.rulings import Bonds

_LIKELY = 0.5  # the threshold of a database that nobody has written to with a model


def settle(db: Database, mentions: Iterable[int], before: Iterable[str], threshold: float) -> set[int]:
    """Merges these mentions, and all that they lead to, anew; forgets those of the events before that nothing tells any more.

    Gives the mentions that have an event now.
    """
    reports, bonds = gathering.gather(db, mentions)
    before = {*before, *(r.event for r in reports if r.event)}
    used: set[str] = set()
    ours = {r.id for r in reports}
    went: dict[str, str] = {}
    rows = []
    # Of two events that were one, the one that a person ruled so keeps the id, else the one whose story was stored first.
    for group in sorted(clusters(reports, bonds), key=lambda group: _rank(group, bonds)):
        row = event_row(group, threshold, used, bonds)
        while _is_told_elsewhere(db, row["id"], ours):  # an event that a person has judged kept it
            used.add(row["id"])
            row = event_row(group, threshold, used, bonds)
        used.add(row["id"])
        went |= {r.event: row["id"] for r in group if r.event}
        rows.append(row)
        db["events"].upsert(row, pk="id")
        _note_status(db, row)
        db.conn.executemany("update mentions set event = ? where id = ?", [(row["id"], r.id) for r in group])
    forget(db, before, threshold)
    for event, now in went.items():
        if event not in used:  # judged, so that it is still there
            db.execute(
                """update events set merged_into = ?, flagged = 0
                   where id = ? and not exists (select 1 from mentions where event = events.id)""",
                [now, event],
            )
            db.execute("delete from watched_events where event = ?", [event])
    watches.follow(db, rows)
    careers.follow(db, rows, threshold)
    return ours


def forget(db: Database, events: Iterable[str], threshold: float) -> None:
    """Deletes those of these events that no report tells, unless a person has judged them."""
    for event in events:
        if db.execute("select 1 from mentions where event = ?", [event]).fetchone():
            continue
        careers.forget(db, event, threshold)
        db.execute(
            """delete from events where id = :event and not exists (select 1 from mentions where event = :event)
               and not exists (select 1 from reviews where event = :event)""",
            {"event": event},
        )


def rebuild(db: Database, threshold: float) -> None:
    """Computes all events anew from the stories' judgements, the reviews and the rulings."""
    before = {row[0] for row in db.execute("select id from events")}
    # Only what a person has judged holds on to its id.
    db.execute(
        """update mentions set event = null
           where not exists (select 1 from reviews where reviews.event = mentions.event)"""
    )
    settled: set[int] = set()
    for (mention,) in db.execute("select id from mentions order by id").fetchall():
        if mention not in settled:
            settled |= settle(db, [mention], (), threshold)
    forget(db, before, threshold)


def threshold(db: Database) -> float:
    """The threshold by which events were last flagged."""
    row = db.execute("select threshold from current_threshold").fetchone()
    return row[0] if row else _LIKELY


def keep_threshold(db: Database, given: float) -> None:
    """Remembers the threshold for those who change events without a model."""
    db.execute(
        """insert into current_threshold (one, threshold) values (1, :given)
           on conflict (one) do update set threshold = :given where threshold <> :given""",
        {"given": given},
    )


def _note_status(db: Database, event: dict) -> None:
    """Notes that an event has reached a status, the first time: alerts are made of these rows."""
    db.execute(
        """insert into status_changes (event, status, flagged, at) values (:id, :status, :flagged,
           case when exists (select 1 from status_changes where event = :id) then :now else :first_seen_at end)
           on conflict (event, status) do update set flagged = 1 where excluded.flagged""",
        {
            "now": datetime.now(UTC).isoformat(timespec="seconds"),
            **{name: event[name] for name in ("id", "status", "flagged", "first_seen_at")},
        },
    )


def _rank(group: list[Report], bonds: Bonds) -> tuple:
    first = min((not r.reviewed, stored_place(r)) for r in group)
    return (-bonds.newest(r.id for r in group), first)


def _is_told_elsewhere(db: Database, event: str, ours: set[int]) -> bool:
    told = db.execute("select id from mentions where event = ?", [event])
    return any(mention not in ours for (mention,) in told)
