"""`founderwatch corpus`: checks and counts the labelled corpus."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail
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
