"""The whole way from corpus to model folder: base encoder, training, calibration, export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from models.training import base_encoder, corpus
from models.training.calibrate import calibrate
from models.training.corpus import Record
from models.training.export import export
from models.training.settings import Settings
from models.training.train import train


def make(
    base: str | None, out: Path, work: Path, records: list[Record], settings: Settings, version: str, resume: bool
) -> None:
    """Writes a model folder to `out`; checkpoints and the base encoder stay in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    if base is None:
        base = str(work / "base")
        if not (work / "base" / "config.json").exists():
            base_encoder.build(work / "base")
    best = train(base, work, settings, records, resume=resume)
    export(best, work / "uncalibrated", {}, version)
    measured = calibrate(work / "uncalibrated", [r for r in records if corpus.split(r) == "dev"])
    export(best, out, {**measured, "settings": asdict(settings), "corpus": corpus.digest(records)}, version)
