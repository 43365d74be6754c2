"""`founderwatch split`: rules that some of an event's reports tell of another departure."""

from __future__ import annotations

import click

from founderwatch import status
from founderwatch.database import rulings
from founderwatch.options import common, fail, open_existing, reviewing
from founderwatch.render import safe


@click.command("split")
@click.argument("event")
@click.argument("stories", nargs=-1, required=True, metavar="STORY…")
@reviewing
@common
def command(*, event, stories, reviewer, config, quiet):
    """Rule that what each STORY reports is another departure than EVENT; together they become a new event.

    A STORY is its number in the time line of `founderwatch show EVENT`, or its address. Final for the reports that EVENT
    has now, through later crawls, models and `events rebuild`. `founderwatch rulings undo` takes it back.

    \b
    Example:  founderwatch split ev-0a1b2c3d4e5f 2 5
    """
    store = open_existing(config)
    try:
        found = store.event(event)
        if found is None:
            fail(status.USAGE, f"there is no event {safe(event)}")
        numbered = dict(enumerate(found["mentions"], 1))
        meant = set()
        for story in stories:
            chosen = [m["mention"] for at, m in numbered.items() if story in (str(at), m["url"])]
            if not chosen:
                fail(
                    status.USAGE,
                    f"{safe(story)} is none of the {len(numbered)} reports of {found['event']};"
                    " `founderwatch show` numbers them",
                )
            meant.update(chosen)
        made = rulings.split(store.db.conn, found["event"], meant, reviewer)
    except rulings.RulingError as error:
        fail(status.USAGE, safe(str(error)))
    finally:
        store.close()
    if not quiet:
        click.echo(f"{len(meant)} of {len(numbered)} reports are {made.other} now (ruling {made.ruling})")
