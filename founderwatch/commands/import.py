"""`founderwatch import`: merges what a cluster's back-fill wrote into the database."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail, locked, open_reader, open_store
from founderwatch.render import safe


@click.command("import")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FOLDER|FILE ..."
)
@common
def command(*, paths, config, quiet):
    """Merge the Parquet files of a cluster's back-fill into the database.

    Saying it twice changes nothing.

    \b
    Example:  founderwatch import results/
    """
    try:
        from founderwatch.backfill import parts
    except ImportError:
        fail(status.USAGE, "Parquet needs pyarrow: pip install 'founderwatch[cluster]'")
    from founderwatch.backfill.run import Writer

    with locked(config, "backfill"):
        reader, store = open_reader(config), open_store(config)
        writer = Writer(store, reader.threshold)
        counts: Counter[str] = Counter()
        archives = 0
        try:
            for part in parts.read(map(str, paths)):
                counts += writer.store(part.file, part.stories, list(part.bad))
                counts["pages"] += part.pages
                archives += 1
        except parts.PartsError as error:
            click.echo(f"founderwatch: {safe(str(error))}", err=True)
            sys.exit(status.PARTLY if archives else status.FAILED)
        finally:
            store.close()
    if not quiet:
        click.echo(
            f"{archives} archives, {counts['pages']} pages, {counts['stored']} new, {counts['flagged']} flagged, {counts['bad']} bad records"
        )
