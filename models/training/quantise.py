"""Makes an ONNX encoder int8 without losing what it knows.

Plain dynamic quantisation gives all values of an activation one scale. A few dimensions of e5's states are twenty times as
large as the others, so that these lose nearly all their steps. Two remedies: the large dimensions are made smaller and
the weights they meet larger by as much (SmoothQuant, https://arxiv.org/abs/2211.10438); and the worst products, back
from the wide layer, keep their activations whole and have a scale for each 32 weights.
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
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

STRENGTH = 0.65  # how much of an activation's spread goes over to the weights: 0 nothing, 1 all
BLOCK = 32  # weights that share a scale where activations are kept whole


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
    others = [n.name for n in model.graph.node if n.op_type == "MatMul" and n.name not in narrowing]
    blocks = MatMulNBitsQuantizer(
        model, bits=8, block_size=BLOCK, is_symmetric=True, accuracy_level=4, nodes_to_exclude=others
    )
    blocks.process()
    onnx.save(blocks.model.model, target)


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
    del graph.graph.node[:]
    graph.graph.node.extend(ordered)
    used = {name for node in graph.graph.node for name in node.input}
    kept = [i for i in graph.graph.initializer if i.name in used]
    del graph.graph.initializer[:]
    graph.graph.initializer.extend(kept)
