"""`founderwatch backup`: copies the database while it is in use."""

from __future__ import annotations

from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@common
def command(*, file, config, quiet):
    """Copy the database to FILE (default: a name with the time, beside it), and check the copy. A crawl may go on.

    \b
    Example:  founderwatch backup
              founderwatch backup /mnt/backups/founderwatch-monday.db
    """
    from founderwatch.database.backup import backup, stamped
    from founderwatch.database.store import DatabaseError

    file = file or stamped(config.database, "backup")
    try:
        backup(config.database, file)
    except DatabaseError as error:
        fail(status.FAILED, str(error))
    if not quiet:
        click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, checked")
