"""`founderwatch vacuum`: gives unused space of the database back."""

from __future__ import annotations

import click

from founderwatch.options import common, existing, locked, open_store


@click.command("vacuum")
@common
def command(*, config, quiet):
    """Write the database anew without gaps. It needs as much free disk as the database has; readers may go on.

    First the texts go that `keep_texts` in the configuration does not keep any longer.

    \b
    Example:  founderwatch vacuum
    """
    from founderwatch.database.retention import drop_texts

    before = existing(config).stat().st_size
    with locked(config), locked(config, "backfill"), locked(config, "rescan"):
        store = open_store(config)
        dropped = drop_texts(store.db, config.keep_texts) if config.keep_texts else 0
        store.vacuum()
        store.close()
    if dropped and not quiet:
        click.echo(f"{dropped} old texts dropped")
    if not quiet:
        click.echo(
            f"{config.database}: {before / 1e6:.1f} MB before, {config.database.stat().st_size / 1e6:.1f} MB now"
        )
