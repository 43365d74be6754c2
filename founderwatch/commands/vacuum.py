"""`founderwatch vacuum`: gives unused space of the database back."""

from __future__ import annotations

import click

from founderwatch import status
from founderwatch.options import common, fail, locked, open_store


@click.command("vacuum")
@common
def command(*, config, quiet):
    """Write the database anew without gaps. It needs as much free disk as the database has; readers may go on.

    \b
    Example:  founderwatch vacuum
    """
    if not config.database.exists():
        fail(status.FAILED, f"{config.database} does not exist yet; `founderwatch crawl` makes it")
    before = config.database.stat().st_size
    with locked(config):
        store = open_store(config)
        store.vacuum()
        store.close()
    if not quiet:
        click.echo(
            f"{config.database}: {before / 1e6:.1f} MB before, {config.database.stat().st_size / 1e6:.1f} MB now"
        )
