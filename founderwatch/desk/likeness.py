"""Which other events may be the same departure as one: what the desk offers to merge."""

from __future__ import annotations

import sqlite3

from founderwatch.database.rows import dicts
from founderwatch.events.people import alike, parse

_OFFERED = 8
_DAYS = 120  # between two reports of one departure from one employer


def near(connection: sqlite3.Connection, event: str) -> list[dict]:
    """Other events of the same name, and of the same employer about the same time; the likest first."""
    row = connection.execute(
        "select person, employer, coalesce(published, first_seen_at) from events where id = ?", [event]
    ).fetchone()
    if row is None:
        return []
    person, employer, at = row
    name = parse(person)
    found = dicts(
        connection.execute(
            f"""select e.id, e.person, e.employer, e.kind, e.status, coalesce(e.published, e.first_seen_at) as at, e.venture,
                       abs(julianday(coalesce(e.published, e.first_seen_at)) - julianday(:at)) as apart
                from events e
                where e.id <> :event and e.merged_into is null and (
                    e.id in (select m.event from name_keys n join mentions m on m.id = n.mention where n.key in ({_marks(name)}))
                    or e.id in (select id from events where employer = :employer
                                 and coalesce(published, first_seen_at) between datetime(:at, '-{_DAYS} days') and datetime(:at, '+{_DAYS} days')))
                order by apart limit 200""",
            {"event": event, "employer": employer, "at": at} | _values(name),
        )
    )
    for one in found:
        other = parse(one["person"])
        one["alike"] = bool(name and other and alike(name, other)) or not (name and other)
    found.sort(key=lambda one: (not one["alike"], one["employer"] != employer, one["apart"]))
    return found[:_OFFERED]


def _values(name) -> dict[str, str]:
    return {f"key{number}": key for number, key in enumerate(sorted(name.keys))} if name else {"key0": ""}


def _marks(name) -> str:
    return ", ".join(f":{key}" for key in _values(name))
