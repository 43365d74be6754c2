"""`founderwatch watch`: people and companies of which the user wants to hear every kind of departure."""

from __future__ import annotations

import click

from founderwatch import status
from founderwatch.database import watches
from founderwatch.events.organisations import resolve
from founderwatch.options import common, fail, open_existing, open_store
from founderwatch.render import as_json, safe
from founderwatch.tables import print_list


@click.group("watch")
def command():
    """Watch people and companies of your own: every kind of departure, not only to found.

    \b
    Example:  founderwatch watch add "Mara Lindqvist" --employer "Orrin Cloud"
              founderwatch watch add ByteDance
              founderwatch watch list
              founderwatch watch remove 2
    """


@command.command("add")
@click.argument("name")
@click.option("--person", "kind", flag_value="person", help="NAME is a person.")
@click.option("--company", "kind", flag_value="company", help="NAME is a company; its units count, too.")
@click.option("--employer", help="Of a person: leave out namesakes elsewhere.")
@click.option("--note", help="Why, for yourself.")
@common
def add(*, name, kind, employer, note, config, quiet):
    """Watch NAME: a company if the table of organisations knows it, else a person.

    \b
    Example:  founderwatch watch add ByteDance
              founderwatch watch add --company "Orrin Cloud"
    """
    store = open_store(config)
    found = resolve(name)
    kind = kind or ("company" if found and found.listed and not employer else "person")
    if employer and kind == "company":
        store.close()
        fail(status.USAGE, "--employer belongs to a person; a company has none")
    try:
        watch, events = watches.add(store.db.conn, kind, name, employer, note)
    except watches.WatchError as error:
        fail(status.USAGE, safe(str(error)))
    finally:
        store.close()
    if not quiet:
        click.echo(f"watching the {watch.kind} {safe(watch.name)} (number {watch.id}); events so far: {events}")


@command.command("list")
@click.option("--json", "as_data", is_flag=True, help="Print one JSON array.")
@common
def list_(*, as_data, config, quiet):
    """List whom and what you watch, with the departures so far.

    \b
    Example:  founderwatch watch list
    """
    store = open_existing(config)
    rows = [
        {name: getattr(watch, name) for name in watch.__slots__}
        | {"events": [r[0] for r in store.db.execute("select event from watched_events where watch = ? order by event", [watch.id])]}
        for watch in watches.listed(store.db.conn)
    ]  # fmt: skip
    store.close()
    if as_data:
        click.echo(as_json(rows, indent=2))
        return
    if not rows:
        click.echo("Nothing is watched; `founderwatch watch add NAME` adds a person or a company.")
        return
    print_list(
        ("number", "kind", "name", "employer", "events", "since", "note"),
        [
            (
                *(row[name] for name in ("id", "kind", "name", "employer")),
                len(row["events"]),
                row["added_at"][:10],
                row["note"],
            )
            for row in rows
        ],
    )


@command.command("remove")
@click.argument("which")
@common
def remove(*, which, config, quiet):
    """Stop watching WHICH: its number in `watch list`, or its name.

    \b
    Example:  founderwatch watch remove 2
    """
    store = open_existing(config)
    try:
        meant = [w for w in watches.listed(store.db.conn) if which in (str(w.id), w.name)]
        if not meant:
            fail(status.USAGE, f"{safe(which)} is not watched; `founderwatch watch list` tells what is")
        for watch in meant:
            watches.remove(store.db.conn, watch.id)
    finally:
        store.close()
    if not quiet:
        click.echo("; ".join(f"no longer watching the {w.kind} {safe(w.name)}" for w in meant))
