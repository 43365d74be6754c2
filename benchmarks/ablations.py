"""What each part of the training's design is worth, by short trainings that differ in it: python -m benchmarks.ablations

Each starts from the bare encoder, sees the same random texts of the train part twice (with other names the second time) and
is measured on the same random texts of the dev part. They are far too short to be good: read the differences, in one run,
of several seeds. Needs the `[train]` extra; some four minutes each with six layers. Writes benchmarks/results/ablations.json,
and adds to what is there: `--only` some of them, one after the other.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from benchmarks.results import read, write
from models import document as documents
from models.training import base_encoder, corpus, examples
from models.training.corpus import Record
from models.training.settings import Settings
from models.training.train import train

_digest = documents.digest


@dataclass(frozen=True)
class Condition:
    """One training: how many layers of the encoder, how many texts, and what is switched off for it and its measuring."""

    name: str
    layers: int = 6
    share: float = 1.0  # of the texts asked for
    without: tuple[tuple[object, str, Callable], ...] = ()


def _as_written(record: Record, source: random.Random) -> Record:
    return record


def _names_alone(doc: documents.Document, mentions: Sequence[tuple[int, int]], weights: Sequence[float]) -> list[int]:
    """The sentences that name the person, the weightiest first, as far as there is room."""
    named = {doc.at(start) for start, _ in mentions}
    return [n for n in _digest(doc, mentions, weights) if n in named]


def _without_title(doc: documents.Document, mentions: Sequence[tuple[int, int]], weights: Sequence[float]) -> list[int]:
    """As it is, but the first sentence is no reason of its own to be read."""
    named = {doc.at(start) for start, _ in mentions}
    near = named | {n + 1 for n in named} | {min(named) - 1}
    return [n for n in _digest(doc, mentions, weights) if n in near]


CONDITIONS = (
    Condition("six layers"),
    Condition("the same, names as written", without=((examples, "renamed", _as_written),)),
    Condition("the same, sentences with the name alone", without=((documents, "digest", _names_alone),)),
    Condition("the same, without the title", without=((documents, "digest", _without_title),)),
    Condition("twelve layers", layers=12),
    Condition("six layers, half the texts", share=0.5),
    Condition("six layers, twice the texts", share=2.0),
    Condition("six layers, four times the texts", share=4.0),
)


def run(condition: Condition, texts: int, held_back: int, seed: int) -> dict[str, float]:
    """Trains one condition, and returns what the training itself measured of its end on the dev part."""
    records = corpus.read()
    source = random.Random(seed)
    part = {name: [r for r in records if corpus.split(r) == name] for name in ("train", "dev")}
    for mine in part.values():
        source.shuffle(mine)
    chosen = part["train"][: round(texts * condition.share)] + part["dev"][:held_back]
    settings = replace(Settings.read(), seed=seed, rounds=2, checks=1)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for place, name, instead in condition.without:
            stack.enter_context(patch.object(place, name, instead))
        base, work = Path(folder) / "base", Path(folder) / "work"
        base_encoder.build(base, layers=condition.layers)
        train(str(base), work, settings, chosen, resume=False)
        (state,) = work.glob("checkpoints/*/trainer_state.json")
        (measured,) = (
            said for said in json.loads(state.read_text(encoding="utf-8"))["log_history"] if "eval_kind_f1" in said
        )
    return {name: round(measured[f"eval_{name}"], 4) for name in ("kind_f1", "status_accuracy", "finder_f1", "loss")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1200, help="of the train part")
    parser.add_argument("--held-back", type=int, default=600, help="of the dev part")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument(
        "--only", type=int, nargs="+", default=range(len(CONDITIONS)), help="numbers of conditions, from 0"
    )
    given = parser.parse_args()
    for seed in given.seeds:
        for number in given.only:
            condition = CONDITIONS[number]
            figures = run(condition, given.texts, given.held_back, seed)
            print(f"{condition.name}, seed {seed}: {figures}", flush=True)
            kept = (read("ablations") or {}).get("runs", [])
            kept = [r for r in kept if (r["name"], r["seed"], r["texts"]) != (condition.name, seed, given.texts)]
            kept.append({"name": condition.name, "seed": seed, "texts": given.texts} | figures)
            write("ablations", {"runs": kept})


if __name__ == "__main__":
    main()
