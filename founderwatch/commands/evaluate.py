"""`founderwatch evaluate`: measures the model on gold stories."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from founderwatch import status
from founderwatch.config import replace
from founderwatch.intake import moment, story_of
from founderwatch.options import common, fail, open_reader
from founderwatch.render import safe
from models.training.evaluate import GoldStory, by_language, tally

_SHOWN = {
    "flag precision": ("flag", "precision"), "flag recall": ("flag", "recall"), "flag F1": ("flag", "f1"),
    "event precision": ("events", "precision"), "event recall": ("events", "recall"), "event F1": ("events", "f1"),
    "person": ("fields", "person"), "employer": ("fields", "employer"), "employer, any name": ("fields", "organisation"),
    "status": ("fields", "status"), "status, by doubt": ("fields", "standing"),
    "venture": ("fields", "venture"), "role": ("fields", "role"), "focus": ("fields", "focus"), "when": ("fields", "when"),
    "first reported by": ("fields", "first_reported_by"),
}  # fmt: skip


@click.command("evaluate")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the measures as JSON.")
@click.option("--errors", is_flag=True, help="Print every disagreement with its text.")
@click.option("--model", help="A model folder or hub name instead of the configured one.")
@common
def command(*, files, as_json, errors, model, config, quiet):
    """Measure the model on gold stories (JSON Lines with `events`).

    \b
    Example:  founderwatch evaluate gold.jsonl --errors
    """
    reader = open_reader(replace(config, model=model) if model else config)
    tallies, problems = [], 0
    for path in files:
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                story_of(row)  # the same demands as `scan` makes
                gold = GoldStory.read(row)
                published = moment(gold.published)
                _ = [event["kind"] for event in gold.events]
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                problems += 1
                click.echo(f"founderwatch: {path}: line {number}: {error}", err=True)
                continue
            found = reader.judge(gold.title, gold.body, gold.language, published)
            tallies.append(tally(gold, found))
    if not tallies:
        fail(status.FAILED, "no gold story could be read")
    measured = by_language(tallies)
    listed = [
        {
            "id": t.gold.id,
            "language": t.gold.language,
            "disagreements": t.errors,
            "title": t.gold.title,
            "body": t.gold.body,
        }
        for t in tallies
        if t.errors
    ]
    if as_json:
        click.echo(
            json.dumps(
                {"model": reader.encoder.version, "languages": measured} | ({"errors": listed} if errors else {}),
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        Console(width=None if sys.stdout.isatty() else 120).print(_table(measured))
        for error in listed if errors else ():
            click.echo(f"\n{error['id']} ({error['language']}): {'; '.join(error['disagreements'])}")
            click.echo(f"    {safe(error['title'])}\n    {safe(error['body'])[:1500]}")
    sys.exit(status.PARTLY if problems else status.DONE)


def _table(measured: dict[str, dict]) -> Table:
    table = Table(title="value (95% interval) of n")
    table.add_column("measure")
    for language, report in measured.items():
        table.add_column(f"{language}: {report['stories']} stories", justify="right")
    for name, (group, key) in _SHOWN.items():
        table.add_row(name, *(_cell(report[group][key]) for report in measured.values()))
    table.add_row("flag average precision", *(f"{r['flag']['average_precision']}" for r in measured.values()))
    table.add_row("false alarms", *(_cell(r["flag"]["false_alarm_rate"]) for r in measured.values()))
    return table


def _cell(measure: dict) -> str:
    if measure["value"] is None:
        return "–"
    return f"{measure['value']:.3f} ({measure['low']:.2f}–{measure['high']:.2f}) of {measure['n']:g}"
