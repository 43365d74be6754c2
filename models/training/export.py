"""Writes the model folder that the default install runs: int8 ONNX, tokenizer, config."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoTokenizer

from models.labels import ARGUMENTS, FINDER, KIND_CLASSES, STATUSES
from models.training.network import DepartureNetwork

OUTPUTS = ("finder", "arguments", "kind", "status")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export(trained: Path, out: Path, calibration: dict, version: str, int8: bool = True) -> Path:
    """Exports a trained folder to `out`; returns the path of the ONNX file."""
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
        if int8:
            # Shapes that the exporter noted for single nodes disagree with dynamic ones and stop the quantiser.
            graph = onnx.load(full)
            del graph.graph.value_info[:]
            onnx.save(graph, full)
            quantize_dynamic(full, target, weight_type=QuantType.QInt8, per_channel=True)
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
            **calibration,
        },
    }
    (out / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return target


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
