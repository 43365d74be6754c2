"""Makes an ONNX encoder int8 without losing what it knows.

Plain dynamic quantisation gives all values of an activation one scale. A few dimensions of e5's states are twenty times as
large as the others, so that these lose nearly all their steps. Two remedies: the large dimensions are made smaller and
the weights they meet larger by as much (SmoothQuant, https://arxiv.org/abs/2211.10438); and in the worst products, back
from the wide layer, where single tokens are large, each token has a scale of its own.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

STRENGTH = 0.65  # how much of an activation's spread goes over to the weights: 0 nothing, 1 all
_MIDDLE = np.uint8(128)  # what stands for 0 among the activations: unsigned ones are multiplied fastest


def quantise(full: Path, target: Path, samples: Iterable[dict[str, np.ndarray]]) -> None:
    """Writes the int8 form of `full` to `target`; `samples` are a few hundred of the model's inputs."""
    graph = onnx.load(full)
    # Shapes that the exporter noted for single nodes disagree with dynamic ones and stop the quantiser.
    del graph.graph.value_info[:]
    weights = {i.name: numpy_helper.to_array(i) for i in graph.graph.initializer}
    products = [n for n in graph.graph.node if n.op_type == "MatMul" and n.input[1] in weights]
    # Back from the wide layer: more rows than columns.
    narrowing = [n.name for n in products if weights[n.input[1]].shape[0] > 2 * weights[n.input[1]].shape[1]]
    _smooth(graph, products, weights, _peaks(graph, {n.input[0] for n in products}, samples))
    with tempfile.TemporaryDirectory() as scratch:
        smooth, mixed = Path(scratch) / "smooth.onnx", Path(scratch) / "mixed.onnx"
        onnx.save(graph, smooth)
        quantize_dynamic(smooth, mixed, weight_type=QuantType.QInt8, per_channel=True, nodes_to_exclude=narrowing)
        model = onnx.load(mixed)
    _by_token(model, set(narrowing))
    onnx.save(model, target)


def _peaks(graph: ModelProto, tensors: set[str], samples: Iterable[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The largest size that each dimension of some tensors reaches over the samples."""
    probe = ModelProto()
    probe.CopyFrom(graph)
    known = {output.name for output in probe.graph.output}
    probe.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in sorted(tensors - known)
    )
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    names = sorted(tensors)
    peaks: dict[str, np.ndarray] = {}
    for sample in samples:
        for name, value in zip(names, session.run(names, sample), strict=True):
            largest = np.abs(value).reshape(-1, value.shape[-1]).max(0)
            peaks[name] = np.maximum(peaks[name], largest) if name in peaks else largest
    return peaks


def _smooth(
    graph: ModelProto, products: list[NodeProto], weights: dict[str, np.ndarray], peaks: dict[str, np.ndarray]
) -> None:
    """Divides the inputs of products by a factor for each dimension and multiplies their weights by it, in place."""
    sharing: dict[str, list[NodeProto]] = defaultdict(list)
    for node in products:
        sharing[node.input[0]].append(node)
    divisions: dict[str, NodeProto] = {}
    for tensor, nodes in sharing.items():
        largest_weight = np.max([np.abs(weights[n.input[1]]).max(1) for n in nodes], axis=0)
        factor = np.maximum(peaks[tensor], 1e-5) ** STRENGTH / np.maximum(largest_weight, 1e-5) ** (1 - STRENGTH)
        factor = (factor / np.exp(np.log(factor).mean())).astype(np.float32)
        graph.graph.initializer.append(numpy_helper.from_array(1 / factor, f"{tensor}_factor"))
        divisions[tensor] = helper.make_node("Mul", [tensor, f"{tensor}_factor"], [f"{tensor}_smooth"])
        for node in nodes:
            name = f"{node.name}_weight"
            graph.graph.initializer.append(numpy_helper.from_array(weights[node.input[1]] * factor[:, None], name))
            node.input[0], node.input[1] = f"{tensor}_smooth", name
    ordered = []
    for node in graph.graph.node:
        ordered += [node, *(divisions[o] for o in node.output if o in divisions)]
    _replace(graph, ordered)


def _by_token(model: ModelProto, names: set[str]) -> None:
    """Makes some products int8 in place: a scale for each row of the activations and each column of the weights.

    Read back by `models.training.restore`, which knows the names ending in _quantized and _scale.
    """
    weights = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    constants = {
        "by_token_middle": _MIDDLE,
        "by_token_step": np.float32(1 / 127),
        "by_token_least": np.float32(1e-9),  # a row of zeros has a scale too
        "by_token_columns": np.array([1]),
    }
    ordered = []
    for node in model.graph.node:
        if node.name not in names:
            ordered.append(node)
            continue
        (x, weight), (result,), at = node.input, node.output, node.name
        values = weights[weight]
        scale = np.maximum(np.abs(values).max(0), 1e-12) / np.float32(127)
        constants |= {
            f"{weight}_quantized": np.round(values / scale).astype(np.int8),
            f"{weight}_scale": scale.astype(np.float32),
            f"{at}_wide": np.array([-1, values.shape[0]]),
            f"{at}_narrow": np.array([values.shape[1]]),
        }
        for kind, inputs, output, options in (
            ("Reshape", [x, f"{at}_wide"], "rows", {}),
            ("Abs", [f"{at}_rows"], "size", {}),
            ("ReduceMax", [f"{at}_size", "by_token_columns"], "peak", {"keepdims": 0}),
            ("Mul", [f"{at}_peak", "by_token_step"], "steps", {}),
            ("Max", [f"{at}_steps", "by_token_least"], "scale", {}),
            ("Shape", [f"{at}_scale"], "number", {}),
            ("Expand", ["by_token_middle", f"{at}_number"], "middles", {}),
            ("QuantizeLinear", [f"{at}_rows", f"{at}_scale", f"{at}_middles"], "whole", {"axis": 0}),
            ("MatMulInteger", [f"{at}_whole", f"{weight}_quantized", "by_token_middle"], "sums", {}),
            ("Cast", [f"{at}_sums"], "product", {"to": TensorProto.FLOAT}),
            ("Unsqueeze", [f"{at}_scale", "by_token_columns"], "scales", {}),
            ("Mul", [f"{at}_product", f"{at}_scales"], "by_row", {}),
            ("Mul", [f"{at}_by_row", f"{weight}_scale"], "flat", {}),
            ("Shape", [x], "outer", {"start": 0, "end": -1}),
            ("Concat", [f"{at}_outer", f"{at}_narrow"], "shape", {"axis": 0}),
        ):
            ordered.append(helper.make_node(kind, inputs, [f"{at}_{output}"], name=f"{at}_{output}", **options))
        ordered.append(helper.make_node("Reshape", [f"{at}_flat", f"{at}_shape"], [result], name=at))
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    _replace(model, ordered)


def _replace(model: ModelProto, nodes: list[NodeProto]) -> None:
    """Gives a graph other nodes and forgets the weights that none of them uses."""
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [i for i in model.graph.initializer if i.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
