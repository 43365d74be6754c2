"""How far archives have been read: what lets a back-fill go on where it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

COUNTS = ("pages", "candidates", "stored", "flagged", "bad")


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file has been read, and whether to its end."""

    position: int
    size: int | None
    finished: bool


def place(db: Database, file: str, asked: str, fingerprint: str) -> Place | None:
    """Where the same question to the same file has come to; None where it was never asked."""
    row = db.execute(
        "select position, size, finished_at from backfills where file = ? and asked = ? and fingerprint = ?",
        [file, asked, fingerprint],
    ).fetchone()
    return Place(row[0], row[1], row[2] is not None) if row else None


def begin(db: Database, file: str, asked: str, fingerprint: str, size: int | None) -> None:
    """Enters a file that is read for the first time, or that has become another or longer one."""
    now = _now()
    db.execute(
        """insert into backfills (file, asked, fingerprint, position, size, started_at, updated_at)
           values (:file, :asked, :fingerprint, 0, :size, :now, :now)
           on conflict (file, asked) do update set
             position = case fingerprint when :fingerprint then position else 0 end,
             fingerprint = :fingerprint, size = :size, updated_at = :now, finished_at = null, problem = null""",
        {"file": file, "asked": asked, "fingerprint": fingerprint, "size": size, "now": now},
    )


def advance(db: Database, file: str, asked: str, position: int, counts: Mapping[str, int]) -> None:
    """Moves on behind what is now stored, in the transaction that stores it."""
    added = ", ".join(f"{name} = {name} + :{name}" for name in COUNTS)
    db.execute(
        f"update backfills set position = :position, updated_at = :now, {added} where file = :file and asked = :asked",
        {"file": file, "asked": asked, "position": position, "now": _now()} | {n: counts.get(n, 0) for n in COUNTS},
    )


def finish(db: Database, file: str, asked: str, problem: str | None) -> None:
    """Notes that a file was read through, or why it was not."""
    db.execute(
        "update backfills set finished_at = :finished, updated_at = :now, problem = :problem where file = :file and asked = :asked",
        {
            "finished": None if problem else _now(),
            "now": _now(),
            "problem": problem,
            "file": file,
            "asked": asked,
        },
    )


def keep_bad(db: Database, file: str, records: Iterable[tuple[int, str | None, str, str]]) -> None:
    """Keeps (position, url, stage, reason) of records that could not be used."""
    db.conn.executemany(
        """insert into bad_records (file, position, url, stage, reason, seen_at) values (?, ?, ?, ?, ?, ?)
           on conflict (file, position, stage) do update set url = excluded.url, reason = excluded.reason, seen_at = excluded.seen_at""",
        [(file, *record, _now()) for record in records],
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
