"""One transaction that has the write lock from its start: SQLite does not wait for one that is asked for later."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_MS = 15_000  # how long what a person does waits for another program's lock
_STEP = 0.004  # seconds between two attempts, on average


@contextmanager
def writing(connection: sqlite3.Connection, patience_ms: int | None = None) -> Iterator[None]:
    """Writes all or nothing; `patience_ms` is how long another program's lock is waited for, else as the connection has it.

    Within another one it is a part of that, and is undone alone where it fails.
    """
    if connection.in_transaction:
        yield from _part(connection)
        return
    if patience_ms is None:
        (patience_ms,) = connection.execute("pragma busy_timeout").fetchone()
    _begin(connection, patience_ms)
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _begin(connection: sqlite3.Connection, patience_ms: int) -> None:
    """Takes the write lock. SQLite itself asks ten times a second, and may never meet the moments in which a busy writer lets go."""
    until = time.monotonic() + patience_ms / 1000
    connection.execute("pragma busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("begin immediate")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0, 2 * _STEP))
    finally:
        connection.execute(f"pragma busy_timeout = {patience_ms}")


def _part(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("savepoint part")
    try:
        yield
    except BaseException:
        connection.execute("rollback to part")
        connection.execute("release part")
        raise
    connection.execute("release part")
