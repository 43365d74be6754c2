"""`founderwatch restore`: puts a backup in the database's place."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail, locked


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@common
def command(*, file, config, quiet):
    """Put the backup FILE in the database's place, once it is found whole. The old database is kept under another name.

    \b
    Example:  founderwatch restore founderwatch.db.backup-20260706T091500Z
    """
    from founderwatch.database.backup import InUseError, restore, undone_erasures
    from founderwatch.database.store import DatabaseError

    if file.exists() and config.database.exists() and file.samefile(config.database):
        fail(status.USAGE, f"{file} is the database itself; name a backup")
    with locked(config), locked(config, "backfill"), locked(config, "rescan"):
        undone = undone_erasures(file, config.database)
        try:
            kept = restore(file, config.database)
        except InUseError as error:
            fail(status.BUSY, str(error))
        except DatabaseError as error:
            fail(status.FAILED, str(error))
    if not quiet:
        click.echo(f"{config.database} is restored from {file}" + (f"; the old one is {kept}" if kept else ""))
    if undone:
        click.echo(
            f"founderwatch: {file} is older than {len(undone)} erasures, the last of {undone[-1]}: who was erased is back;"
            " say `founderwatch erase` again for each",
            err=True,
        )
        sys.exit(status.PARTLY)
