"""`founderwatch export-training`: writes what reviewers judged as passages of the corpus."""

from __future__ import annotations

from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail, open_existing


@click.command("export-training")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write (default: standard output)."
)
@common
def command(*, out, config, quiet):
    """Write reviewed stories as passages for training, in the mark-up of models/corpus.

    Put the file below models/corpus/passages and `founderwatch train` takes it in.

    \b
    Example:  founderwatch export-training --out models/corpus/passages/reviewed.txt
    """
    from founderwatch.passages import passages

    store = open_existing(config)
    try:
        records, left_out = passages(store.db.conn)
    finally:
        store.close()
    text = "\n".join(records)
    if out is None:
        click.echo(text, nl=False)
    else:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            fail(status.FAILED, f"{out} cannot be written: {error.strerror or error}")
    if not quiet:
        click.echo(f"{len(records)} passages from reviewed stories", err=True)
        for reason, number in left_out.most_common():
            click.echo(f"{number} left out: {reason}", err=True)
