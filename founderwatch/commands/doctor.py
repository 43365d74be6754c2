"""`founderwatch doctor`: one page on what is well, what is not, and what to do."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from founderwatch import status
from founderwatch.options import common
from founderwatch.render import as_json, safe

_MARKS = {"ok": "ok       ", "attention": "ATTENTION", "unusable": "UNUSABLE "}


@click.command("doctor")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON array.")
@common
def command(*, in_json, config, quiet):
    """Tell what is well, what is not, and what to do. Nothing is changed; with --quiet, what is well is left out.

    Exit status: 0 all is well, 1 something wants attention, 3 founderwatch cannot work.

    \b
    Example:  founderwatch doctor
    """
    from founderwatch import doctor

    verdicts = doctor.examine(config)
    if in_json:
        click.echo(as_json([asdict(v) for v in verdicts], indent=2))
    else:
        for verdict in verdicts:
            if not (quiet and verdict.level == doctor.OK):
                click.echo(f"{_MARKS[verdict.level]}  {verdict.check:<11}  {safe(verdict.found)}")
                if verdict.advice:
                    click.echo(f"{'':24}→ {safe(verdict.advice)}")
    levels = {verdict.level for verdict in verdicts}
    sys.exit(
        status.FAILED if doctor.UNUSABLE in levels else status.PARTLY if doctor.ATTENTION in levels else status.DONE
    )
