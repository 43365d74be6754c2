"""The whole way from corpus to model folder: base encoder, training, calibration, export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from models.training import agreement, base_encoder, corpus
from models.training.average import average
from models.training.calibrate import calibrate
from models.training.corpus import Record
from models.training.export import export, finish
from models.training.restore import is_shipped, restore
from models.training.settings import Settings
from models.training.train import train


def make(
    base: str | None,
    out: Path,
    work: Path,
    records: list[Record],
    settings: Settings,
    version: str,
    resume: bool,
    earlier: Sequence[Path] = (),
) -> None:
    """Writes a model folder to `out`; checkpoints and the base encoder stay in `work`.

    `base` may be a model folder that was trained before, the shipped one too: training goes on from it.
    `earlier` are the trained states of other runs (their `work/best`): the mean of all is what is exported.
    """
    work.mkdir(parents=True, exist_ok=True)
    if base is None:
        base = str(work / "base")
        if not (work / "base" / "config.json").exists():
            base_encoder.build(work / "base")
    elif is_shipped(base):
        base = str(restore(Path(base), work / "restored"))
    part = {name: [r for r in records if corpus.split(r) == name] for name in ("train", "dev", "test")}
    best = train(base, work, settings, records, resume=resume)
    if earlier:
        best = average([(best, 1), *((folder, 1) for folder in earlier)], work / "averaged")
    write(best, out, work, part, {"settings": asdict(settings), "corpus": corpus.digest(records)}, version)


def write(best: Path, out: Path, work: Path, part: dict[str, list[Record]], about: dict, version: str) -> None:
    """Makes the model folder `out` of a trained state: int8, calibrated, beside it what full precision says."""
    export(best, work / "uncalibrated", version, part["train"])
    about |= calibrate(work / "uncalibrated", part["dev"], [*part["train"], *part["dev"], *part["test"]])
    finish(work / "uncalibrated", out, about)
    export(best, work / "full", version)
    finish(work / "full", work / "full", about)
    agreement.keep(work / "full", out, part["test"])
