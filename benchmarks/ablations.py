"""What each part of the training's design is worth, by short trainings that differ in it: python -m benchmarks.ablations

Each starts from the bare encoder, sees the same random texts of the train part twice (with other names the second time) and
is measured on the same random texts of the dev part. They are far too short to be good: read the differences, in one run,
of several seeds. Needs the `[train]` extra; some four minutes each with six layers. Writes benchmarks/results/ablations.json,
and adds to what is there: `--only` some of them, one after the other.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import torch
from transformers import AutoTokenizer, Trainer, TrainingArguments

from benchmarks.results import read, write
from models import document as documents
from models.training import base_encoder, corpus, examples, train
from models.training.corpus import Record
from models.training.network import DepartureNetwork
from models.training.settings import Settings


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
    return [n for n in documents_digest(doc, mentions, weights) if n in named]


def _without_title(doc: documents.Document, mentions: Sequence[tuple[int, int]], weights: Sequence[float]) -> list[int]:
    """As it is, but the first sentence is no reason of its own to be read."""
    named = {doc.at(start) for start, _ in mentions}
    near = named | {n + 1 for n in named} | {min(named) - 1}
    return [n for n in documents_digest(doc, mentions, weights) if n in near]


documents_digest = documents.digest
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
    """Trains and measures one condition."""
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
        base = Path(folder) / "base"
        base_encoder.build(base, layers=condition.layers)
        best = train.train(str(base), Path(folder) / "work", settings, chosen, resume=False)
        return measured(best, part["dev"][:held_back], settings)


def measured(state: Path, records: list[Record], settings: Settings) -> dict[str, float]:
    """The training's own measures of a trained state."""
    tokenizer = AutoTokenizer.from_pretrained(state)
    network = DepartureNetwork.from_pretrained(state, attn_implementation="eager")
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=network,
            args=TrainingArguments(
                output_dir=folder,
                per_device_eval_batch_size=32,
                label_names=list(train._LABELS),
                remove_unused_columns=False,
                report_to=[],
                use_cpu=not torch.cuda.is_available(),
                dataloader_pin_memory=False,
            ),
            data_collator=lambda batch: train.collate(batch, tokenizer.pad_token_id),
            compute_metrics=train._metrics,
        )
        found = trainer.evaluate(list(train._dataset(records, tokenizer, settings, 1, vary=False)))
    return {
        name: round(float(found[f"eval_{name}"]), 4) for name in ("kind_f1", "status_accuracy", "finder_f1", "loss")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1200, help="of the train part")
    parser.add_argument("--held-back", type=int, default=600, help="of the dev part")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--only", type=int, nargs="+", default=range(len(CONDITIONS)), help="numbers of conditions, from 0")
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
