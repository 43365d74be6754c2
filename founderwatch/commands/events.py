"""`founderwatch events`: lists the departures found, or computes them anew."""

from __future__ import annotations

import csv
import io
from datetime import UTC

import click
from click.core import ParameterSource
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from founderwatch import status
from founderwatch.events.organisations import is_meant
from founderwatch.items import EVENT_FIELDS
from founderwatch.options import common, fail, open_existing, open_reader
from founderwatch.render import as_json, for_spreadsheet, safe, shortened
from models.labels import STATUSES
from spiders.entries import oldest

_COLUMNS = ["event", *EVENT_FIELDS, "url"]


@click.group("events", invoke_without_command=True)
@click.option("--jsonl", "form", flag_value="jsonl", help="Print one JSON object a line.")
@click.option("--json", "form", flag_value="json", help="Print one JSON array.")
@click.option("--csv", "form", flag_value="csv", help="Print comma-separated values.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only events of this status.")
@click.option("--employer", help="Only events of this employer.")
@click.option("--since", metavar="30d", help="Only events first seen since then.")
@click.option(
    "--all", "everything", is_flag=True, help="Also joins, leaves, denied ones and those below the threshold."
)
@common
@click.pass_context
def command(context, *, form, statuses, employer, since, everything, config, quiet):
    """List the departures found, newest first.

    \b
    Example:  founderwatch events --since 30d
              founderwatch events --all --employer ByteDance --jsonl
              founderwatch events rebuild
    """
    if context.invoked_subcommand:
        if any(context.get_parameter_source(p.name) != ParameterSource.DEFAULT for p in context.command.params):
            fail(status.USAGE, f"options go behind the command: founderwatch events {context.invoked_subcommand} …")
        return
    try:
        earliest = oldest(since).astimezone(UTC).isoformat(timespec="seconds") if since else ""
    except ValueError as error:
        fail(status.USAGE, str(error))
    store = open_existing(config)
    rows = [
        row
        for row in store.events(everything)
        if (not statuses or row["status"] in statuses)
        and (not employer or is_meant(row["employer"], employer))
        and row["first_seen_at"] >= earliest
    ]
    store.close()
    if form == "jsonl":
        for row in rows:
            click.echo(as_json(row))
    elif form == "json":
        click.echo(as_json(rows, indent=2))
    elif form == "csv":
        click.echo(_csv(rows), nl=False)
    else:
        show(rows, Console())


@command.command("rebuild")
@common
def rebuild(*, config, quiet):
    """Compute all events anew from the stored stories and judgements.

    An event's identifier follows from the report of it that was stored first, so that it comes out the same. It changes
    only where new judgements or rules give the event another first report or name. An event that a person has judged
    keeps its identifier as long as a report still tells of it.

    \b
    Example:  founderwatch events rebuild
    """
    store = open_existing(config)
    events, mentions = store.rebuild_events(open_reader(config).threshold)
    store.close()
    if not quiet:
        click.echo(f"{events} events from {mentions} mentions")


def _csv(rows: list[dict]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        flat = row | {"url": row["mentions"][0]["url"] if row["mentions"] else None}
        cells = ["" if flat[c] is None else str(flat[c]) for c in _COLUMNS]
        writer.writerow([for_spreadsheet(cell) for cell in cells])
    return out.getvalue()


def show(rows: list[dict], console: Console) -> None:
    """Prints events as a table with their evidence."""
    if not rows:
        console.print("No departures found.")
        return
    table = Table(show_lines=True, expand=True)
    for name, options in {
        "who": {"ratio": 3}, "from": {"ratio": 2}, "to": {"ratio": 3}, "status": {"no_wrap": True}, "first": {"ratio": 2},
        "evidence": {"ratio": 7},
    }.items():  # fmt: skip
        table.add_column(name, **options)
    for row in rows:
        who = _plain(row["person"] or "(no name yet)") + (f"\n[dim]{_plain(row['role'])}[/dim]" if row["role"] else "")
        evidence = next((m["evidence"] for m in row["mentions"] if m["kind"] == row["kind"]), "")
        others = len(row["mentions"]) - 1
        goal = row["venture"] or row["focus"] or ("own venture" if row["kind"] == "founds" else "")
        table.add_row(
            who,
            _plain(row["employer"] or "–"),
            _plain(goal if row["kind"] == "founds" else f"({row['kind']}) {goal}".strip()),
            row["status"],
            _plain(row["first_reported_by"] or "–") + (f"\n[dim]+{others} more[/dim]" if others else ""),
            _plain(shortened(evidence, 240)),
        )
    console.print(table)


def _plain(text: str) -> str:
    """Text whose brackets rich does not take for its mark-up."""
    return escape(safe(text))
