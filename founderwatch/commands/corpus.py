"""`founderwatch corpus`: checks and counts the labelled corpus."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail
from founderwatch.render import as_json
from models.training import corpus


@click.group("corpus")
def command():
    """Check and count the labelled corpus.

    \b
    Example:  founderwatch corpus check
    """


@command.command("check")
@click.argument("folder", default=corpus.CORPUS, type=click.Path(exists=True, file_okay=False, path_type=Path))
@common
def check(folder, config, quiet):
    """Check every record's form, and print how many there are of what.

    \b
    Example:  founderwatch corpus check models/corpus
    """
    try:
        records = corpus.read(folder)
    except corpus.CorpusError as error:
        click.echo(str(error), err=True)
        sys.exit(status.PARTLY)
    if not records:
        fail(status.FAILED, f"{folder} holds no corpus file (*.txt)")
    copies = corpus.near_copies(records)
    for one, other, likeness in copies:
        click.echo(
            f"{one.where} and {other.where} are {likeness:.0%} alike, in {corpus.split(one)} and {corpus.split(other)}",
            err=True,
        )
    if not quiet:
        click.echo(corpus.summary(records))
    if copies:
        sys.exit(status.PARTLY)


@command.command("gold")
@click.argument("folder", default=corpus.CORPUS, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--part", type=click.Choice(["train", "dev", "test"]), default="test", show_default=True)
@click.option("--stories", is_flag=True, help="Only whole stories.")
@click.option("--passages", is_flag=True, help="Only passages.")
@common
def gold(folder, part, stories, passages, config, quiet):
    """Print a part of the corpus as gold stories, as `founderwatch evaluate` reads them.

    \b
    Example:  founderwatch corpus gold --part test > test.jsonl
    """
    try:
        records = corpus.read(folder)
    except corpus.CorpusError as error:
        click.echo(str(error), err=True)
        sys.exit(status.PARTLY)
    for record in records:
        if corpus.split(record) == part and not (stories and not record.long) and not (passages and record.long):
            click.echo(as_json(corpus.gold(record)))
