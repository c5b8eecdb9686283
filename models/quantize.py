"""How a variant stores its weights: one small function each.

Does not quantise activations: int8 graphs ran slower than float32 on onnxruntime-web's WASM and are
less exact. Weights stored small are unpacked when the session is made, so a frame costs the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import helper, numpy_helper


def fp32(model: onnx.ModelProto) -> onnx.ModelProto:
    """As it is."""
    return model


def fp16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights that are halves in truth (most: they are published so) are stored as halves and a Cast.

    A weight that would lose a bit stays float32, so the result is exactly that of fp32.
    """
    graph = onnx.GraphProto()
    graph.CopyFrom(model.graph)
    casts = []
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < 16:
            continue
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if np.array_equal(half.astype(np.float32), array):
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(half, f"{name}_half"))
            casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    stored = helper.make_graph(nodes, graph.name, graph.input, graph.output, graph.initializer)
    return helper.make_model(
        stored, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name="vitrine"
    )


STORED: dict[str, Callable[[onnx.ModelProto], onnx.ModelProto]] = {"fp32": fp32, "fp16": fp16}
