"""Reads a shipped int8 folder back to full precision, so that training can go on from it.

The rounding to int8 stays in the weights: it is far smaller than what a round of training moves.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import ModelProto, NodeProto, numpy_helper
from transformers import AutoTokenizer, BertConfig

from models.training.network import DepartureNetwork


def is_shipped(folder: str | Path) -> bool:
    """Whether a folder is what `export` wrote, with no torch weights to start from."""
    folder = Path(folder)
    return (folder / "model.onnx").exists() and not (folder / "model.safetensors").exists()


def restore(folder: Path, out: Path) -> Path:
    """Writes the torch state of a shipped folder, with its tokenizer, to `out`."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config.pop("founderwatch")
    network = DepartureNetwork(BertConfig(**config))
    state = _state(onnx.load(folder / "model.onnx"))
    missing, unknown = network.load_state_dict(
        {name: torch.from_numpy(np.array(value, np.float32)) for name, value in state.items()}, strict=False
    )
    if missing or unknown:
        raise ValueError(f"{folder / 'model.onnx'} is no export of this network: {[*missing, *unknown][:3]}")
    network.save_pretrained(out)
    AutoTokenizer.from_pretrained(folder).save_pretrained(out)
    return out


def _state(model: ModelProto) -> dict[str, np.ndarray]:
    """Every parameter by its name in the network, products with their weights the torch way round."""
    values = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    maker = {output: node for node in model.graph.node for output in node.output}
    state = {n: v for n, v in values.items() if n in ("shift", "stretch") or n.endswith(("LayerNorm.weight", ".bias"))}
    for name, value in values.items():
        if name.endswith("embeddings.weight_quantized"):
            plain = name.removesuffix("_quantized")
            zero = values[f"{plain}_zero_point"].astype(np.float32)
            state[plain] = (value.astype(np.float32) - zero) * values[f"{plain}_scale"]
        elif name.endswith("embeddings.weight"):
            state[name] = value
    for node in model.graph.node:
        # A linear layer is a product and then its bias: the bias tells whose weight it is.
        bias = next((i for i in node.input if i.endswith(".bias") and node.op_type == "Add"), None)
        if bias is not None:
            (product,) = (i for i in node.input if i != bias)
            state[bias.removesuffix("bias") + "weight"] = _weight(maker[product], maker, values).T
    return state


def _weight(node: NodeProto, maker: dict[str, NodeProto], values: dict[str, np.ndarray]) -> np.ndarray:
    """The (in, out) weight of a product, with the smoothing of its inputs taken back (models.training.quantise)."""
    # Whole numbers times scales: the product's own are further back.
    while node.op_type != "MatMulInteger":
        node = maker[node.input[0]]
    plain = node.input[1].removesuffix("_quantized")
    zero = values.get(f"{plain}_zero_point", np.float32(0)).astype(np.float32)
    weight = (values[node.input[1]].astype(np.float32) - zero) * values[f"{plain}_scale"]
    smooth = maker[node.input[0]].input[0]
    if smooth.endswith("_rows"):
        smooth = maker[smooth].input[0]
    if not smooth.endswith("_smooth"):
        return weight
    (inverse,) = (values[i] for i in maker[smooth].input if i in values)
    return weight * inverse[:, None]
