"""Converts the network of a wrapped graph to float16, for WebGPU with shader-f16.

Does not convert pre- and postprocessing, which stay float32, and does not know what a browser supports.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from models.variants.region import cast, network_nodes, rebuild, typed_inputs

Array = NDArray[Any]
MOST = 65504.0  # the largest float16
FLOAT, HALF = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16


def convert(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with its network in float16; the weights of `model`, and inputs and outputs, are float32."""
    nodes = [onnx.NodeProto() for _ in model.graph.node]
    for copy, node in zip(nodes, model.graph.node, strict=True):
        copy.CopyFrom(node)
    inner = set(network_nodes(model))
    inside = [place in inner for place in range(len(nodes))]
    constant = {tensor.name: tensor for tensor in model.graph.initializer}
    made = {name for node, within in zip(nodes, inside, strict=True) if within for name in node.output}
    outer = {name for node, within in zip(nodes, inside, strict=True) if not within for name in node.input}
    outer |= {value.name for value in model.graph.output}
    tensors, result = list(constant.values()), []
    entered: set[str] = set()
    for node, within in zip(nodes, inside, strict=True):
        if not within:
            result.append(node)
            continue
        steps: list[onnx.NodeProto] = []
        typed, factor = set(typed_inputs(node)), 1.0
        if node.op_type == "Conv" and node.input[0] not in made:
            factor = _into_range(numpy_helper.to_array(constant[node.input[1]]))
        for i, name in enumerate(node.input):
            if name not in typed:
                continue
            gain = {0: 1 / factor, 1: factor}.get(i, 1.0)
            narrow = f"{name}_half" if gain == 1 else f"{name}_half_{i}"
            if name not in made and narrow not in entered:
                entered.add(narrow)
                if name in constant:
                    tensors.append(
                        numpy_helper.from_array(
                            to_float16(numpy_helper.to_array(constant[name]) * gain), narrow
                        )
                    )
                else:
                    tensors.append(numpy_helper.from_array(np.array(gain, np.float32), f"{narrow}_gain"))
                    steps.append(onnx.helper.make_node("Mul", [name, f"{narrow}_gain"], [f"{narrow}_wide"]))
                    steps.append(cast(f"{narrow}_wide", narrow, HALF))
            node.input[i] = narrow
        leaving = [name for name in node.output if name in outer]
        node.output[:] = [f"{name}_half" for name in node.output]
        wide = [cast(f"{name}_half", name, FLOAT) for name in leaving]
        result += [*steps, node, *wide]
    return rebuild(model, result, tensors)


def rounded_to_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """The result of `convert` emulated in float32: every number of the network is rounded to float16.

    onnxruntime on the processor computes a float16 graph in float32 without rounding in between, so it does
    not show the loss of a GPU; this graph does. A GPU may also sum in float16, which this does not show.
    """
    inner = set(network_nodes(model))
    inside = [model.graph.node[place] for place in inner]
    made = {name for node in inside for name in node.output}
    large = {name for node in inside for name in typed_inputs(node)}
    tensors, nodes = [], []
    entered: set[str] = set()
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.name in large and array.dtype == np.float32:
            tensors.append(
                numpy_helper.from_array(to_float16(array).astype(np.float32), f"{tensor.name}_rounded")
            )
        tensors.append(tensor)
    constant = {tensor.name for tensor in model.graph.initializer}
    for place, original in enumerate(model.graph.node):
        node = onnx.NodeProto()
        node.CopyFrom(original)
        if place in inner:
            typed = set(typed_inputs(node))
            for i, name in enumerate(node.input):
                if name not in typed:
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
    return rebuild(model, nodes, tensors)


def to_float16(array: Array) -> Array:
    """The nearest float16 numbers, none of them infinite."""
    return array.clip(-MOST, MOST).astype(np.float16)


def _round(source: str, target: str) -> list[onnx.NodeProto]:
    return [cast(source, f"{target}_as_half", HALF), cast(f"{target}_as_half", target, FLOAT)]


def _into_range(array: Array) -> float:
    """The power of two that brings the largest weight near 1. A GPU may flush float16 below 6e-5 to zero."""
    most = float(np.abs(array).max())
    return float(2.0 ** np.floor(-np.log2(most))) if 0 < most < 0.5 else 1.0
