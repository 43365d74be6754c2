"""`founderwatch restore`: puts a backup in the database's place."""

from __future__ import annotations

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
    from founderwatch.database.backup import InUseError, restore
    from founderwatch.database.store import DatabaseError

    if file.exists() and config.database.exists() and file.samefile(config.database):
        fail(status.USAGE, f"{file} is the database itself; name a backup")
    with locked(config), locked(config, "backfill"), locked(config, "rescan"):
        try:
            kept = restore(file, config.database)
        except InUseError as error:
            fail(status.BUSY, str(error))
        except DatabaseError as error:
            fail(status.FAILED, str(error))
    if not quiet:
        click.echo(f"{config.database} is restored from {file}" + (f"; the old one is {kept}" if kept else ""))
