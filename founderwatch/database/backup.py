"""Copies of the database that check themselves: made while it is in use, and put back in its place."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import sqlite_utils

from founderwatch.database.migrations import unknown
from founderwatch.database.store import DatabaseError

_PART = ".founderwatch-part"
_TABLES = {"_sqlite_migrations", "articles", "events", "runs"}


class InUseError(DatabaseError):
    """Another program has the database open."""


def check(path: Path) -> None:
    """Raises DatabaseError where a file is missing, damaged, another program's or a newer version's."""
    if not path.is_file():
        raise DatabaseError(f"{path}: no such file")
    try:
        with closing(read_only(path)) as connection:
            names = {row[0] for row in connection.execute("select name from sqlite_master")}
            if not names >= _TABLES:
                raise DatabaseError(f"{path} is no founderwatch database")
            if newer := unknown(sqlite_utils.Database(connection)):
                raise DatabaseError(f"{path} was written by a newer founderwatch ({', '.join(sorted(newer))}): upgrade")
            found = connection.execute("pragma integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise DatabaseError(f"{path} is damaged ({found})")
    except sqlite3.OperationalError as error:
        raise DatabaseError(f"{path} cannot be read ({error})") from error
    except sqlite3.DatabaseError as error:
        raise DatabaseError(f"{path} is damaged or no database ({error})") from error


def read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)


def backup(database: Path, target: Path) -> None:
    """Copies the database as it is at one moment, checks the copy, and only then gives it its name."""
    check(database)
    try:
        part = _copied(database, target)
        try:
            os.link(part, target)  # unlike a renaming, this never replaces a file
        finally:
            part.unlink()
    except FileExistsError as error:
        raise DatabaseError(f"{target} is there already; name another file") from error
    except OSError as error:
        raise DatabaseError(f"{target} cannot be written: {error.strerror or error}") from error


def restore(file: Path, database: Path) -> Path | None:
    """Puts a checked copy of a backup in the database's place; gives the name under which the old one is kept."""
    check(file)
    try:
        part = _copied(file, database)
        try:
            kept = _kept(database) if database.exists() else None
            os.replace(part, database)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise DatabaseError(f"{database} cannot be replaced: {error.strerror or error}; it is as it was") from error
    return kept


def undone_erasures(backup: Path, database: Path) -> list[str]:
    """When erasures were done of which a backup knows nothing: who was erased is in it."""
    return sorted(_erasures(database) - _erasures(backup))


def _erasures(path: Path) -> set[str]:
    try:
        with closing(read_only(path)) as connection:
            return {row[0] for row in connection.execute("select made_at from erasures")}
    except sqlite3.Error:  # no file, a damaged one, or one of an older version
        return set()


def stamped(path: Path, word: str) -> Path:
    """A name beside a file with a word and the time: founderwatch.db.backup-20260706T091500Z."""
    return path.with_name(f"{path.name}.{word}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")


def _copied(source: Path, beside: Path) -> Path:
    """A checked copy of a database, in one file and on the disk, beside where it is to be."""
    _clear_away(beside.parent)
    part = beside.with_name(f".{beside.name}.{os.getpid()}{_PART}")
    try:
        with closing(read_only(source)) as old, closing(sqlite3.connect(part)) as new:
            # In one step: with several, SQLite begins anew each time that a crawl has written.
            old.backup(new)
            new.execute("pragma journal_mode = delete")
        check(part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
    except BaseException as error:
        for end in ("", "-journal", "-wal", "-shm"):
            Path(f"{part}{end}").unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise DatabaseError(f"{source} cannot be copied to {beside.parent}: {error}") from error
        raise
    return part


def _clear_away(folder: Path) -> None:
    """Removes what copies that were killed have left in a folder."""
    for path in folder.glob(f".*{_PART}*"):
        owner = re.search(rf"\.(\d+){re.escape(_PART)}", path.name)
        if owner and not _runs(int(owner[1])):
            path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True


def _kept(database: Path) -> Path:
    """Gives the old database a second name; until the new one stands, it has both."""
    _closed(database)
    first = kept = stamped(database, "before-restore")
    number = 1
    while True:
        try:
            os.link(database, kept)
            break
        except FileExistsError:
            if kept.samefile(database):  # a restore that was killed has come so far
                break
            number += 1
            kept = first.with_name(f"{first.name}-{number}")
    # What is left of a write-ahead log would be played into the new database.
    with suppress(FileNotFoundError):
        os.replace(f"{database}-wal", f"{kept}-wal")
    Path(f"{database}-shm").unlink(missing_ok=True)
    return kept


def _closed(database: Path) -> None:
    """Takes the write-ahead log into the file, for which SQLite wants to be alone with it; a damaged file is left as it is."""
    try:
        with closing(sqlite3.connect(database, timeout=1)) as connection:
            connection.execute("pragma journal_mode = delete")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise InUseError(f"{database} is open in another program: end `founderwatch serve` first") from error
    except sqlite3.DatabaseError:
        pass
