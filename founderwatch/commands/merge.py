"""`founderwatch merge`: rules that events are one departure."""

from __future__ import annotations

import click

from founderwatch import status
from founderwatch.database import rulings
from founderwatch.options import common, fail, open_existing, reviewing
from founderwatch.render import safe


@click.command("merge")
@click.argument("event")
@click.argument("others", nargs=-1, required=True, metavar="OTHER…")
@reviewing
@common
def command(*, event, others, reviewer, config, quiet):
    """Rule that EVENT and each OTHER are one departure; it keeps EVENT's identifier.

    Final for the reports that they have now, through later crawls, models and `events rebuild`. A verdict on OTHER counts
    for EVENT where that has none. `founderwatch rulings undo` takes it back.

    \b
    Example:  founderwatch merge ev-0a1b2c3d4e5f ev-5f4e3d2c1b0a
    """
    store = open_existing(config)
    try:
        for other in others:
            made = rulings.merge(store.db.conn, event, other, reviewer)
            if not quiet:
                click.echo(f"{made.other} is merged into {made.event} (ruling {made.ruling})")
    except rulings.RulingError as error:
        fail(status.USAGE, safe(str(error)))
    finally:
        store.close()
