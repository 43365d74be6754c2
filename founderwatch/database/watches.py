"""The user's own watch list, and the time line of one person: which events a watch means, and who founds something later."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlite_utils import Database

from founderwatch.database.transaction import PATIENCE_MS, writing
from founderwatch.events.organisations import answers_to, marks, related, resolve
from founderwatch.events.people import SAME, SPELLING, alike, parse

KINDS = ("person", "company")
_ONE_CAREER = timedelta(days=5 * 365)  # between a leaving and the founding that is put on one time line with it


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


def time_line(db: Database, event: str) -> list[dict]:
    """The departures of one person that lead to each other, this one among them, oldest first; none where it stands alone."""
    known, waiting = set(), {event}
    while waiting:
        known |= waiting
        marks = ",".join("?" * len(waiting))
        waiting = {
            row[0]
            for row in db.execute(
                f"select later from successions where event in ({marks}) union select event from successions where later in ({marks})",
                [*waiting, *waiting],
            )
        } - known
    if len(known) == 1:
        return []
    return list(
        db.query(
            f"""select id as event, kind, status, employer, venture, published from events where id in ({",".join("?" * len(known))})
                order by coalesce(published, first_seen_at), id""",
            list(known),
        )
    )


def follow(db: Database, events: Iterable[dict]) -> None:
    """Brings the watches and time lines of these events (rows of `events`) up to date."""
    watches = listed(db.conn)
    for event in events:
        db.execute("delete from watched_events where event = ?", [event["id"]])
        for watch in watches:
            _mark(db, watch, event)
        _join_time_lines(db, event)


def _mark(db: Database, watch: Watch, event: dict) -> None:
    if event["merged_into"] is None and _is_meant(watch, event):
        db.execute("insert or ignore into watched_events (watch, event) values (?, ?)", [watch.id, event["id"]])


def _is_meant(watch: Watch, event: dict) -> bool:
    if watch.kind == "company":
        return bool(event["employer"]) and answers_to(event["employer"], watch.name)
    if not _is_called(event, watch.name):
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


def _join_time_lines(db: Database, event: dict) -> None:
    """Notes which leaving of the same person this founding follows, or which founding follows this leaving.

    Names alone are not enough: the person founds after leaving the same employer, or the one that was joined.
    """
    db.execute("delete from successions where event = :event or later = :event", {"event": event["id"]})
    name = parse(event["person"])
    if name is None or name.is_short or event["status"] == "denied":
        return
    joined = event["venture"] if event["kind"] == "joins" else None
    for other in _of_the_same_person(db, event, name.keys, marks(event["employer"]) | marks(joined)):
        early, late = sorted((event, other), key=_told_at)
        if early["kind"] == "founds" or late["kind"] != "founds" or _told_at(late) - _told_at(early) > _ONE_CAREER:
            continue
        left = [early["employer"], early["venture"] if early["kind"] == "joins" else None]
        if any(place and related(place, late["employer"]) for place in left):
            db.execute("insert or ignore into successions (event, later) values (?, ?)", [early["id"], late["id"]])


def _of_the_same_person(db: Database, event: dict, keys: Iterable[str], places: Iterable[str]) -> list[dict]:
    found = {
        row["id"]: row
        for key in keys
        for place in places
        for row in db.query(
            """select * from events where merged_into is null and status <> 'denied' and id in (
                 select m.event from name_keys k join mentions m on m.id = k.mention where k.key = ? and k.mark = ?)""",
            [key, place],
        )
    }
    return [row for row in found.values() if row["id"] != event["id"] and _is_called(row, event["person"])]


def _is_called(event: dict, name: str) -> bool:
    """Whether an event's person has this name, in whatever spelling."""
    asked = parse(name)
    forms = [form for form in map(parse, json.loads(event["names"])) if form and not form.is_short]
    # A surname alone is watched by a user who writes no more; it means what is called by no more, too.
    return any(alike(asked, form) in (SAME, SPELLING) for form in forms) or name in json.loads(event["names"])


def _told_at(event: dict) -> date:
    return datetime.fromisoformat(event["published"] or event["first_seen_at"]).date()
