"""Merging and splitting events by hand: rows that are only ever added, final for the reports that they are about.

Whoever calls these has a plain connection and needs no model. New reports still join by their own words; the reports
that were ruled on stay where they were put, whatever later runs say. `undo` takes a ruling back.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

from founderwatch.database import gathering, reviews, settling
from founderwatch.database.rows import dicts
from founderwatch.database.transaction import PATIENCE_MS, writing
from founderwatch.events.event import fresh_identifier


class RulingError(ValueError):
    """A ruling cannot be made; the message says why and what to do. `reason` is a word for programs."""

    def __init__(self, reason: str, message: str):
        self.reason = reason  # same, gone, whole, nothing, elsewhere
        super().__init__(message)


@dataclass(frozen=True)
class Ruled:
    """A ruling as it was stored: `event` stays, `other` was merged into it or split off from it."""

    ruling: int
    event: str
    other: str


def merge(connection: sqlite3.Connection, event: str, other: str, reviewer: str, token: str | None = None) -> Ruled:
    """Rules that two events are one departure: `event` takes in the reports of `other`, and keeps its identifier.

    A verdict on `other` counts for `event` where that has none of its own; later ones on `other` count for `event`.
    """
    with writing(connection, PATIENCE_MS):
        if sent := _sent_before(connection, token):
            return sent
        kept, gone = _known(connection, event), _known(connection, other)
        if kept == gone:
            raise RulingError("same", f"{event} and {other} are one event already")
        db = Database(connection)
        sides = _mentions(db, kept), _mentions(db, gone)
        for mentions, name in zip(sides, (kept, gone), strict=True):
            if not mentions:
                raise RulingError("nothing", f"no story tells of {name} any more: there is nothing to merge")
        carried = _carry_verdict(connection, gone, kept)
        ruling = _add(db, "merge", kept, gone, reviewer, token, sides, carried)
        settling.settle(db, {*sides[0], *sides[1]}, (kept, gone), settling.threshold(db))
        return Ruled(ruling, kept, gone)


def split(
    connection: sqlite3.Connection, event: str, mentions: Collection[int], reviewer: str, token: str | None = None
) -> Ruled:
    """Rules that these mentions tell of another departure than the event's other ones; `other` is their new event."""
    with writing(connection, PATIENCE_MS):
        if sent := _sent_before(connection, token):
            return sent
        kept = _known(connection, event)
        db = Database(connection)
        all_of_it, parted = set(_mentions(db, kept)), set(mentions)
        if not parted <= all_of_it:
            raise RulingError(
                "elsewhere", f"{kept} has no such report: the event has changed meanwhile; look at it again"
            )
        if not parted or parted == all_of_it:
            raise RulingError("whole", "name some of the event's reports, and not all: nothing else could be split off")
        rest = all_of_it - parted
        taken = {row[0] for row in db.execute("select id from events")} | {
            row[0] for row in db.execute("select other from rulings")
        }
        new = fresh_identifier(gathering.reports(db, parted), taken)
        ruling = _add(db, "split", kept, new, reviewer, token, (rest, parted))
        settling.settle(db, all_of_it, (kept,), settling.threshold(db))
        return Ruled(ruling, kept, new)


def undo(connection: sqlite3.Connection, ruling: int, reviewer: str) -> bool:
    """Takes a ruling back, whoever made it: its events are again what the other rulings and the reports say.

    Taking it back twice changes nothing. False: there is no such ruling.
    """
    with writing(connection, PATIENCE_MS):
        row = connection.execute(
            "select ruling, event, other, carried from rulings where id = ? and ruling <> 'undo'", [ruling]
        ).fetchone()
        if row is None:
            return False
        what, event, other, carried = tuple(row)
        added = connection.execute(
            """insert or ignore into rulings (ruling, event, other, reviewer, made_at, undoes)
               values ('undo', ?, ?, ?, ?, ?)""",
            [event, other, reviewer, _now(), ruling],
        ).rowcount
        if not added:
            return True
        if carried:
            connection.execute(
                """insert or ignore into reviews (event, reviewer, verdict, made_at, undoes)
                   select event, ?, 'undo', ?, id from reviews where id = ?""",
                [reviewer, _now(), carried],
            )
        db = Database(connection)
        sides = gathering.sides(db, ruling)
        # What had a name of its own before the merge goes by it again.
        for mention in sides[1] if what == "merge" else ():
            db.execute(
                "update mentions set event = (select id from events where id = ?) where id = ?", [other, mention]
            )
        settling.settle(db, {*sides[0], *sides[1]}, (event, other), settling.threshold(db))
        return True


def undoable(connection: sqlite3.Connection, reviewer: str) -> Ruled | None:
    """A reviewer's latest ruling that is not taken back."""
    row = connection.execute(
        """select id, event, other from rulings r where reviewer = ? and ruling <> 'undo'
           and not exists (select 1 from rulings u where u.undoes = r.id) order by id desc limit 1""",
        [reviewer],
    ).fetchone()
    return Ruled(*row) if row else None


def listed(connection: sqlite3.Connection) -> list[dict]:
    """All rulings, newest first; `undone` are those that were taken back, `reports` how many were moved."""
    return dicts(
        connection.execute(
            """select r.id, r.ruling, r.event, r.other, r.reviewer, r.made_at,
                      (select count(*) from ruling_reports p where p.ruling = r.id and p.side = 1) as reports,
                      exists (select 1 from rulings u where u.undoes = r.id) as undone
               from rulings r where r.ruling <> 'undo' order by r.id desc"""
        )
    )


def _known(connection: sqlite3.Connection, event: str) -> str:
    current = reviews.current_event(connection, event)
    if current is None:
        raise RulingError("gone", f"there is no event {event}")
    return current


def _mentions(db: Database, event: str) -> list[int]:
    return [row[0] for row in db.execute("select id from mentions where event = ?", [event]).fetchall()]


def _add(db: Database, what, event, other, reviewer, token, sides: Iterable[Iterable[int]], carried=None) -> int:
    ruling = db.execute(
        """insert into rulings (ruling, event, other, reviewer, made_at, token, carried) values (?, ?, ?, ?, ?, ?, ?)""",
        [what, event, other, reviewer, _now(), token or uuid.uuid4().hex, carried],
    ).lastrowid
    db.conn.executemany(
        """insert into ruling_reports (ruling, side, article, person, kind, employer)
           select ?, ?, article, person, kind, employer from mentions where id = ?""",
        [(ruling, side, mention) for side, mentions in enumerate(sides) for mention in sorted(mentions)],
    )
    return ruling


def _carry_verdict(connection: sqlite3.Connection, gone: str, kept: str) -> int | None:
    """Writes the verdict on an event down for the one that takes it in, unless that has its own; gives the row."""
    standing = reviews.in_force(connection, gone, None)
    if standing is None or reviews.in_force(connection, kept, None) is not None:
        return None
    return connection.execute(
        """insert into reviews (event, article, reviewer, verdict, reason, corrected, model, made_at, url)
           select ?, article, reviewer, verdict, reason, corrected, model, ?, url from reviews where id = ?""",
        [kept, _now(), standing],
    ).lastrowid


def _sent_before(connection: sqlite3.Connection, token: str | None) -> Ruled | None:
    row = connection.execute("select id, event, other from rulings where token = ?", [token]).fetchone()
    return Ruled(*row) if row else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
