"""`founderwatch rulings`: lists the merges and splits that people have ruled, and takes them back."""

from __future__ import annotations

import click

from founderwatch import status
from founderwatch.database import rulings
from founderwatch.options import common, fail, open_existing, reviewing
from founderwatch.render import as_json
from founderwatch.tables import print_list


@click.group("rulings", invoke_without_command=True)
@click.option("--json", "as_data", is_flag=True, help="Print one JSON array.")
@common
@click.pass_context
def command(context, *, as_data, config, quiet):
    """List what people have ruled of events: merges and splits, newest first.

    \b
    Example:  founderwatch rulings
              founderwatch rulings undo 3
    """
    if context.invoked_subcommand:
        return
    store = open_existing(config)
    rows = rulings.listed(store.db.conn)
    store.close()
    if as_data:
        click.echo(as_json(rows, indent=2))
        return
    if not rows:
        click.echo("Nobody has merged or split an event.")
        return
    print_list(
        ("number", "ruling", "event", "other", "reports", "by", "at", ""),
        [
            (
                *(row[name] for name in ("id", "ruling", "event", "other", "reports", "reviewer")),
                row["made_at"][:16],
                "taken back" if row["undone"] else "",
            )
            for row in rows
        ],
    )


@command.command("undo")
@click.argument("number", type=int)
@reviewing
@common
def undo(*, number, reviewer, config, quiet):
    """Take ruling NUMBER back: the reports are again what merging, and the other rulings, say.

    \b
    Example:  founderwatch rulings undo 3
    """
    store = open_existing(config)
    found = rulings.undo(store.db.conn, number, reviewer)
    store.close()
    if not found:
        fail(status.USAGE, f"there is no ruling {number}; `founderwatch rulings` lists them")
    if not quiet:
        click.echo(f"ruling {number} is taken back")
