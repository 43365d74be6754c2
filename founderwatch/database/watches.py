"""The user's own watch list: people and companies, and which events each watch means."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

from founderwatch.database.careers import is_called
from founderwatch.database.transaction import PATIENCE_MS, writing
from founderwatch.events.organisations import answers_to, resolve
from founderwatch.events.people import parse

KINDS = ("person", "company")


class WatchError(ValueError):
    """A watch cannot be added; the message says why."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody or something of which the user wants to hear every kind of departure."""

    id: int
    kind: str  # person, company
    name: str
    employer: str | None
    note: str | None
    added_at: str


def add(
    connection: sqlite3.Connection, kind: str, name: str, employer: str | None = None, note: str | None = None
) -> tuple[Watch, int]:
    """Adds a watch, and gives it with the number of events that it means already; one that is there stays as it is."""
    name = name.strip()
    if kind == "person" and parse(name) is None:
        raise WatchError(f"{name!r} is no name: at least one letter or Chinese character makes one")
    if kind == "company" and resolve(name) is None:
        raise WatchError(f"{name!r} is no company: at least one letter, digit or Chinese character makes a name")
    with writing(connection, PATIENCE_MS):
        db = Database(connection)
        known = next((w for w in listed(connection) if (w.kind, w.name, w.employer) == (kind, name, employer)), None)
        if known is None:
            number = db.execute(
                "insert into watches (kind, name, employer, note, added_at) values (?, ?, ?, ?, ?)",
                [kind, name, employer, note, datetime.now(UTC).isoformat(timespec="seconds")],
            ).lastrowid
            known = next(w for w in listed(connection) if w.id == number)
            for event in _candidates(db, known):
                _mark(db, known, event)
        (count,) = db.execute("select count(*) from watched_events where watch = ?", [known.id]).fetchone()
        return known, count


def remove(connection: sqlite3.Connection, watch: int) -> bool:
    """Ends a watch; False where there is none of this number."""
    with writing(connection, PATIENCE_MS):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        ended = connection.execute(
            "update watches set removed_at = ? where id = ? and removed_at is null", [now, watch]
        ).rowcount
        connection.execute("delete from watched_events where watch = ?", [watch])
        return bool(ended)


def listed(connection: sqlite3.Connection) -> list[Watch]:
    """The watches that are not ended, oldest first."""
    rows = connection.execute(
        "select id, kind, name, employer, note, added_at from watches where removed_at is null order by id"
    )
    return [Watch(*row) for row in rows.fetchall()]


def follow(db: Database, events: Iterable[dict]) -> None:
    """Brings the watches of these events (rows of `events`) up to date."""
    watches = listed(db.conn)
    for event in events:
        db.execute("delete from watched_events where event = ?", [event["id"]])
        for watch in watches:
            _mark(db, watch, event)


def _mark(db: Database, watch: Watch, event: dict) -> None:
    if event["merged_into"] is None and _is_meant(watch, event):
        db.execute("insert or ignore into watched_events (watch, event) values (?, ?)", [watch.id, event["id"]])


def _is_meant(watch: Watch, event: dict) -> bool:
    if watch.kind == "company":
        return bool(event["employer"]) and answers_to(event["employer"], watch.name)
    if not is_called(event, watch.name):
        return False
    return not (watch.employer and event["employer"]) or answers_to(event["employer"], watch.employer)


def _candidates(db: Database, watch: Watch) -> list[dict]:
    """The events that a new watch may mean."""
    if watch.kind == "company":
        return list(db.query("select * from events where employer is not null"))
    keys = parse(watch.name).keys
    return list(
        db.query(
            f"""select * from events where id in (select m.event from name_keys k join mentions m on m.id = k.mention
                where k.key in ({",".join("?" * len(keys))}))""",
            list(keys),
        )
    )
