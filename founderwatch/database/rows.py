"""Rows of a plain connection by the names of their columns."""

from __future__ import annotations

import sqlite3


def dicts(cursor: sqlite3.Cursor) -> list[dict]:
    """All rows that a cursor has left."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
