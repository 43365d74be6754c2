"""One transaction that has the write lock from its start: SQLite does not wait for one that is asked for later."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_MS = 15_000  # how long what a person does waits for another program's lock


@contextmanager
def writing(connection: sqlite3.Connection, patience_ms: int | None = None) -> Iterator[None]:
    """Writes all or nothing; `patience_ms` is how long another program's lock is waited for, else as the connection has it.

    Within another one it is a part of that, and is undone alone where it fails.
    """
    if connection.in_transaction:
        yield from _part(connection)
        return
    if patience_ms is not None:
        connection.execute(f"pragma busy_timeout = {patience_ms}")
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _part(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("savepoint part")
    try:
        yield
    except BaseException:
        connection.execute("rollback to part")
        connection.execute("release part")
        raise
    connection.execute("release part")
