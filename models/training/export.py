"""Writes the model folder that the default install runs: int8 ONNX, tokenizer, config."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from transformers import AutoTokenizer

from models import document as documents
from models.labels import ARGUMENTS, FINDER, KIND_CLASSES, STATUSES
from models.training import examples
from models.training.corpus import Record
from models.training.network import DepartureNetwork
from models.training.quantise import quantise

OUTPUTS = ("finder", "arguments", "kind", "status")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_SAMPLES = 200


def export(trained: Path, out: Path, version: str, records: Sequence[Record] = ()) -> Path:
    """Exports a trained folder to `out`, as int8 where there are records to measure its activations on."""
    out.mkdir(parents=True, exist_ok=True)
    network = DepartureNetwork.from_pretrained(trained, attn_implementation="eager").eval()
    target = out / "model.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "full.onnx"
        sample = torch.tensor([[0, 5, 6, 7, 8, 9, 10, 2], [0, 5, 6, 7, 8, 9, 2, 1]])
        batch, tokens = torch.export.Dim("batch", min=1), torch.export.Dim("tokens", min=2, max=512)
        torch.onnx.export(
            network,
            (sample, torch.ones_like(sample), torch.zeros_like(sample)),
            str(full),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_shapes={name: {0: batch, 1: tokens} for name in INPUTS},
            dynamo=True,
            external_data=False,
        )
        if records:
            quantise(full, target, _samples(records, AutoTokenizer.from_pretrained(trained)))
        else:
            shutil.copy(full, target)
    _strip(target)
    AutoTokenizer.from_pretrained(trained).save_pretrained(out)
    config = network.config.to_dict()
    config.pop("_name_or_path", None)  # a path of the machine that trained
    config |= {
        "architectures": ["DepartureNetwork"],
        "founderwatch": {
            "version": version,
            "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
            "finder": list(FINDER),
            "kinds": list(KIND_CLASSES),
            "statuses": list(STATUSES),
            "arguments": list(ARGUMENTS),
        },
    }
    (out / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return target


def finish(folder: Path, out: Path, about: dict) -> None:
    """Copies an exported folder to `out` and adds to its config what was measured on it."""
    if folder != out:
        shutil.copytree(folder, out, dirs_exist_ok=True)
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    config["founderwatch"] |= about
    (out / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _samples(records: Sequence[Record], tokenizer) -> Iterator[dict[str, np.ndarray]]:
    """Inputs of both ways of looking, drawn from the records."""
    source = random.Random(3)
    for record in source.sample(list(records), min(_SAMPLES, len(records))):
        doc = documents.document(record.text, record.language, tokenizer)
        looks = [*examples.finder_examples(record, doc, tokenizer)]
        looks += examples.reader_examples(record, doc, tokenizer, source)
        look = source.choice(looks)
        rows = (look.input_ids, [1] * len(look.input_ids), look.token_type_ids)
        yield {name: np.array([row], np.int64) for name, row in zip(INPUTS, rows, strict=True)}


def _strip(path: Path) -> None:
    """Removes the exporter's stack traces: they tell paths of the machine that trained."""
    model = onnx.load(path)
    del model.metadata_props[:]
    for part in (
        model.graph,
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
        *model.functions,
    ):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    onnx.save(model, path)
