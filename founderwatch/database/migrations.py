"""Brings a database to the present schema, one numbered SQL file after the other."""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

SCHEMA = Path(__file__).parent / "schema"

migrations = Migrations("founderwatch")


def _register(path: Path) -> None:
    @migrations(name=path.stem)
    def apply(db: Database) -> None:
        # Not executescript: that would commit the transaction in which the migration is recorded.
        for statement in statements(path.read_text(encoding="utf-8")):
            db.execute(statement)


def statements(script: str) -> list[str]:
    """The single statements of an SQL script; semicolons in comments are not taken for ends."""
    lines = [line.partition("--")[0] for line in script.splitlines()]
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]


for _path in sorted(SCHEMA.glob("*.sql")):
    _register(_path)


def unknown(db: Database) -> set[str]:
    """Migrations that a newer version has applied and this one does not know."""
    known = {path.stem for path in SCHEMA.glob("*.sql")}
    return {m.name for m in migrations.applied(db)} - known
