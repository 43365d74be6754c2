"""`founderwatch events`: lists the departures found, or computes them anew."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from founderwatch import events, status
from founderwatch.events.organisations import is_meant
from founderwatch.events.people import SAME, SPELLING, Name, alike, parse
from founderwatch.items import EVENT_FIELDS
from founderwatch.options import common, fail, open_existing, open_reader
from founderwatch.render import as_json, for_spreadsheet, safe, shortened
from models.labels import KINDS, STATUSES
from spiders.entries import oldest

SCHEMA = Path(events.__file__).with_name("event.schema.json")
_COLUMNS = ["event", *EVENT_FIELDS, "url"]


@click.group("events", invoke_without_command=True)
@click.option("--jsonl", "form", flag_value="jsonl", help="Print one JSON object a line.")
@click.option("--json", "form", flag_value="json", help="Print one JSON array.")
@click.option("--csv", "form", flag_value="csv", help="Print comma-separated values.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only events of this status.")
@click.option("--employer", help="Only events of this employer.")
@click.option("--person", help="Only events of this person, in whatever spelling.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only events of this kind; implies --all."
)
@click.option("--since", metavar="30d", help="Only events first seen since then.")
@click.option("--until", metavar="7d", help="Only events first seen before then.")
@click.option("--min-score", type=click.FloatRange(0, 1), default=0, help="Only events that are as sure as this.")
@click.option("--min-sources", type=click.IntRange(0), default=0, help="Only events of so many independent outlets.")
@click.option("--watched", is_flag=True, help="Only what your watch list means, of every kind; implies --all.")
@click.option("--limit", type=click.IntRange(1), help="Only so many, the newest.")
@click.option(
    "--all", "everything", is_flag=True, help="Also joins, leaves, denied ones and those below the threshold."
)
@common
@click.pass_context
def command(
    context, *, form, statuses, employer, person, kinds, since, until, min_score, min_sources, watched, limit, everything,
    config, quiet,
):  # fmt: skip
    """List the departures found, newest first.

    What --json and --jsonl print is described by a JSON Schema, `founderwatch events schema`.

    \b
    Example:  founderwatch events --since 30d
              founderwatch events --all --employer ByteDance --jsonl
              founderwatch events --watched --csv
              founderwatch events rebuild
    """
    if context.invoked_subcommand:
        if any(context.get_parameter_source(p.name) != ParameterSource.DEFAULT for p in context.command.params):
            fail(status.USAGE, f"options go behind the command: founderwatch events {context.invoked_subcommand} …")
        return
    earliest, latest = _moment(since, "0"), _moment(until, "9")
    name = parse(person)
    if person and not name:
        fail(status.USAGE, f"--person {safe(person)} is no name")
    store = open_existing(config)
    rows = store.events(everything or watched or bool(kinds))
    meant = {row[0] for row in store.db.execute("select event from watched_events")} if watched else None
    store.close()
    rows = [
        row
        for row in rows
        if (not statuses or row["status"] in statuses)
        and (not kinds or row["kind"] in kinds)
        and (not employer or is_meant(row["employer"], employer))
        and (not name or _is_person(row, person, name))
        and earliest <= row["first_seen_at"] < latest
        and row["score"] >= min_score
        and row["sources"] >= min_sources
        and (meant is None or row["event"] in meant)
    ][:limit]
    if form == "jsonl":
        for row in rows:
            click.echo(as_json(row))
    elif form == "json":
        click.echo(as_json(rows, indent=2))
    elif form == "csv":
        click.echo(_csv(rows), nl=False)
    else:
        show(rows, Console())


@command.command("schema")
@common
def schema(*, config, quiet):
    """Print the JSON Schema of an event, as --jsonl prints one a line and --json an array of them.

    \b
    Example:  founderwatch events schema
    """
    click.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)


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


def _moment(words: str | None, otherwise: str) -> str:
    try:
        return oldest(words).astimezone(UTC).isoformat(timespec="seconds") if words else otherwise
    except ValueError as error:
        fail(status.USAGE, str(error))


def _is_person(row: dict, asked: str, name: Name) -> bool:
    forms = [row["person"] or "", *row["names"]]
    return any(asked.casefold() in form.casefold() for form in forms) or any(
        alike(name, form) in (SAME, SPELLING) for form in map(parse, forms) if form
    )


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
