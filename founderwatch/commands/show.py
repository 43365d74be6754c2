"""`founderwatch show`: tells one event's whole story on the terminal."""

from __future__ import annotations

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from founderwatch import status
from founderwatch.events.history import contradictions, evidence_by_language, statuses, turns
from founderwatch.options import common, fail, open_existing
from founderwatch.render import as_json, safe, shortened

_LANGUAGES = {"en": "English", "zh": "Chinese"}


@click.command("show")
@click.argument("event")
@click.option("--json", "as_data", is_flag=True, help="Print one JSON object.")
@common
def command(*, event, as_data, config, quiet):
    """Tell EVENT's whole story: who, what every story said and when, and where they disagree.

    \b
    Example:  founderwatch show ev-0a1b2c3d4e5f
    """
    store = open_existing(config)
    found = store.event(event)
    store.close()
    if found is None:
        fail(
            status.USAGE,
            f"there is no event {safe(event)}; `founderwatch events --all --jsonl` lists them with their identifiers",
        )
    if found["event"] != event and not quiet:
        click.echo(f"{safe(event)} was merged into {found['event']}", err=True)
    if as_data:
        told = {
            "history": statuses(found["mentions"], found["kind"]),
            "contradictions": contradictions(found["mentions"]),
        }
        click.echo(as_json(found | told, indent=2))
    else:
        show(found, Console())


def show(event: dict, console: Console) -> None:
    """Prints what is known of an event, its time line, the best evidence, and what is contradicted."""
    console.print(f"[bold]{_text(event['person'] or '(no name yet)')}[/bold]  {_text(event['event'])}")
    others = [name for name in event["names"] if name != event["person"]]
    facts = {
        "also written": ", ".join(others),
        "leaves": event["employer"],
        "as": event["role"],
        "to": f"{_GOALS[event['kind']]} {event['venture'] or ''}".strip(),
        "about": event["focus"],
        "when": _when(event),
        "status": " → ".join(f"{s['status']} ({s['since'][:10]})" for s in statuses(event["mentions"], event["kind"]))
        or event["status"],
        "first reported by": f"{event['first_reported_by'] or 'unknown'}, first seen {_minute(event['first_seen_at'])}",
        "sources": f"{event['sources']} independent, {len(event['mentions'])} reports",
        "score": f"{event['score']:.2f}" + (f": {event['basis']['words']}" if event["basis"] else ""),
        "reviewer": event["verdict"],
        "old story": f"told before as {event['retells']}, so no news" if event["retells"] else None,
    }
    grid = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        if fact:
            grid.add_row(f"[dim]{name}[/dim]", _text(fact))
    console.print(grid)
    console.print("\n[bold]Time line[/bold]")
    console.print(_time_line(event["mentions"]))
    if event["time_line"]:
        console.print("\n[bold]The same person[/bold]")
        for step in event["time_line"]:
            here = "this event" if step["event"] == event["event"] else step["event"]
            goal = f"{_GOALS[step['kind']]} {step['venture'] or ''}".strip()
            left = f"left {step['employer'] or 'an unknown employer'}"
            line = f"{(step['published'] or 'no date')[:10]}  {left}, {goal}, {step['status']}  ({here})"
            console.print(_text(line), soft_wrap=True)
    console.print("\n[bold]Evidence[/bold]")
    for language, report in evidence_by_language(event["mentions"], event["kind"]).items():
        said = f"{_LANGUAGES.get(language, language)}: {shortened(report['evidence'], 400)}"
        console.print(f"{_text(said)}\n  [dim]{_text(report['url'])}[/dim]", soft_wrap=True)
    if against := contradictions(event["mentions"]):
        console.print("\n[bold]The stories disagree[/bold]")
        for field, told in against.items():
            values = "; ".join(f"{value} ({', '.join(sources)})" for value, sources in told.items())
            console.print(_text(f"{field}: {values}"), soft_wrap=True)


def _when(event: dict) -> str | None:
    departed = event["departed"]
    if not departed["from"]:
        return departed["words"]
    days = departed["from"] if departed["from"] == departed["to"] else f"{departed['from']} to {departed['to']}"
    return f"{departed['words']}: {days}" if departed["words"] else days


_GOALS = {"founds": "found", "joins": "join", "leaves": "no known destination"}


def _time_line(reports: list[dict]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "published", "source", "language", "says", "story"):
        table.add_column(heading, overflow="fold")
    for number, (report, turn) in enumerate(zip(reports, turns(reports), strict=True), 1):
        says = f"{report['kind']}, {report['status']}"
        if report["copy_of"]:
            says += "; a copy"
        if report["venture"]:
            says += f"; {report['venture']}"
        table.add_row(
            f"[dim]{number}[/dim]",
            _minute(report["published"]) if report["published"] else "no date",
            _text(report["source"] or "unknown"),
            _text(report["language"] or ""),
            f"[bold]{_text(says)}[/bold]" if turn else _text(says),
            _text(shortened(report["title"], 80)),
        )
    return table


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _text(text: str) -> str:
    """Text whose brackets rich does not take for its mark-up."""
    return escape(safe(text))
