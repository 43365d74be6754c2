"""Which employers of a database are one organisation, by all of its names and units."""

from __future__ import annotations

import sqlite3
from functools import lru_cache

from founderwatch.events.organisations import Organisation, resolve


def spellings(connection: sqlite3.Connection, asked: str, loose: bool = False) -> list[str]:
    """Every employer as written that is the organisation asked for, or a unit of it; loosely, also what the words are a part of."""
    wanted = resolve(asked)
    part = asked.strip().casefold()
    return [
        name
        for name in _written(connection)
        if (wanted and wanted.key in _keys(name)) or (loose and part and part in name.casefold())
    ]


def organisation(asked: str) -> Organisation | None:
    """The organisation that a name means."""
    return resolve(asked)


def _written(connection: sqlite3.Connection) -> list[str]:
    """Employers in all forms in which events, and the stories that report them, tell them."""
    rows = connection.execute(
        "select employer from events where employer is not null"
        " union select venture from events where kind = 'joins' and venture is not null"
        " union select json_extract(corrected, '$.employer') from reviews where json_type(corrected, '$.employer') = 'text'"
    )
    return [row[0] for row in rows.fetchall()]


@lru_cache(maxsize=65536)
def _keys(name: str) -> frozenset[str]:
    """The keys of an organisation and of all that it is a unit of."""
    found = resolve(name)
    return frozenset(o.key for o in (found, *found.parents)) if found else frozenset()
