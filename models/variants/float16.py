"""Computing in halves: the network of a fused graph in float16, for WebGPU with shader-f16.

Does not touch the front and the back, which stay float32, and does not know whether a browser can.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from models.variants.region import cast, network, rebuilt, weights

Array = NDArray[Any]
MOST = 65504.0  # the largest half
FLOAT, HALF = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16


def computed(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with float32 weights, its network in halves; inputs and outputs stay float32."""
    nodes = [onnx.NodeProto() for _ in model.graph.node]
    for copy, node in zip(nodes, model.graph.node, strict=True):
        copy.CopyFrom(node)
    inner = set(network(model))
    inside = [place in inner for place in range(len(nodes))]
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    made = {name for node, within in zip(nodes, inside, strict=True) if within for name in node.output}
    outer = {name for node, within in zip(nodes, inside, strict=True) if not within for name in node.input}
    outer |= {value.name for value in model.graph.output}
    kept, result = list(constant.values()), []
    entered: set[str] = set()
    for node, within in zip(nodes, inside, strict=True):
        if not within:
            result.append(node)
            continue
        steps: list[onnx.NodeProto] = []
        taken, factor = set(weights(node)), 1.0
        if node.op_type == "Conv" and node.input[0] not in made:
            factor = _into_range(numpy_helper.to_array(constant[node.input[1]]))
        for i, name in enumerate(node.input):
            if name not in taken:
                continue
            gain = {0: 1 / factor, 1: factor}.get(i, 1.0)
            narrow = f"{name}_half" if gain == 1 else f"{name}_half_{i}"
            if name not in made and narrow not in entered:
                entered.add(narrow)
                if name in constant:
                    kept.append(
                        numpy_helper.from_array(half(numpy_helper.to_array(constant[name]) * gain), narrow)
                    )
                else:
                    kept.append(numpy_helper.from_array(np.array(gain, np.float32), f"{narrow}_gain"))
                    steps.append(onnx.helper.make_node("Mul", [name, f"{narrow}_gain"], [f"{narrow}_wide"]))
                    steps.append(cast(f"{narrow}_wide", narrow, HALF))
            node.input[i] = narrow
        leaving = [name for name in node.output if name in outer]
        node.output[:] = [f"{name}_half" for name in node.output]
        wide = [cast(f"{name}_half", name, FLOAT) for name in leaving]
        result += [*steps, node, *wide]
    return rebuilt(model, result, kept)


def rounded(model: onnx.ModelProto) -> onnx.ModelProto:
    """What `computed` gives, in float32 with every number of the network rounded to a half.

    The processor's onnxruntime computes a float16 graph in float32 without rounding in between, so this is
    what shows natively what a GPU loses. A GPU may add up in halves as well, which this does not show.
    """
    inner = set(network(model))
    inside = [model.graph.node[place] for place in inner]
    made = {name for node in inside for name in node.output}
    large = {name for node in inside for name in weights(node)}
    kept, nodes = [], []
    entered: set[str] = set()
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.name in large and array.dtype == np.float32:
            kept.append(numpy_helper.from_array(half(array).astype(np.float32), f"{tensor.name}_rounded"))
        kept.append(tensor)
    constant = {tensor.name for tensor in model.graph.initializer}
    for place, own in enumerate(model.graph.node):
        node = onnx.NodeProto()
        node.CopyFrom(own)
        if place in inner:
            taken = set(weights(node))
            for i, name in enumerate(node.input):
                if name not in taken:
                    continue
                if name not in made | constant | entered:
                    entered.add(name)
                    nodes += _round(name, f"{name}_rounded")
                node.input[i] = name if name in made else f"{name}_rounded"
            outputs = list(node.output)
            node.output[:] = [f"{name}_exact" for name in outputs]
            nodes.append(node)
            nodes += [step for name in outputs for step in _round(f"{name}_exact", name)]
        else:
            nodes.append(node)
    return rebuilt(model, nodes, kept)


def half(array: Array) -> Array:
    """The nearest halves, none of them infinite."""
    return array.clip(-MOST, MOST).astype(np.float16)


def _round(source: str, target: str) -> list[onnx.NodeProto]:
    return [cast(source, f"{target}_as_half", HALF), cast(f"{target}_as_half", target, FLOAT)]


def _into_range(array: Array) -> float:
    """The power of two that brings the largest weight near 1: a GPU may take halves below 6e-5 for zero."""
    most = float(np.abs(array).max())
    return float(2.0 ** np.floor(-np.log2(most))) if 0 < most < 0.5 else 1.0
