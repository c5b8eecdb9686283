"""Small ONNX models from text, and chains of two: what fuse.py and detector.py are written with.

Knows no model and no backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import compose, numpy_helper, parser

from models.tflite import OPSET

HEAD = f'<ir_version: 8, opset_import: ["" : {OPSET}]>\n'
# The names a finished graph shows; all others get a prefix when two models are joined.
PUBLIC = ("rgba", "memory", "keep", "candidates", "faces", "mask")

# mask = p + (memory - p) * keep * 4p(1 - p): where the network is sure it is not held back.
SMOOTH = """
    still = Mul(p, p)
    doubt = Sub(p, still)
    gain = Mul(keep, four)
    hold = Mul(doubt, gain)
    change = Sub(memory, p)
    step = Mul(change, hold)
    mask = Add(p, step)
"""


def text(body: str, weights: Mapping[str, NDArray[np.generic]] | None = None) -> onnx.ModelProto:
    """A model from ONNX text (one graph, opset 17), with `weights` as its initialisers, checked."""
    model = parser.parse_model(HEAD + body)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in (weights or {}).items()
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def constants(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    """The initialisers by name."""
    return {tensor.name: tensor for tensor in model.graph.initializer}


def chain(
    first: onnx.ModelProto,
    second: onnx.ModelProto,
    joints: Sequence[tuple[str, str]],
    keep: Sequence[str] | None = None,
) -> onnx.ModelProto:
    """One model of two: outputs of `first` feed inputs of `second` as `joints` pairs them.

    `keep` names the outputs that stay outputs (those of `second` by default).
    """
    second = compose.add_prefix(second, f"{second.graph.name}_")
    prefix = f"{second.graph.name}_"
    merged = compose.merge_models(
        first,
        second,
        io_map=[(a, prefix + b) for a, b in joints],
        outputs=None if keep is None else [name if name == "faces" else prefix + name for name in keep],
    )
    names = {prefix + name: name for name in PUBLIC if prefix + name not in {prefix + b for _, b in joints}}
    for node in merged.graph.node:
        node.input[:] = [names.get(i, i) for i in node.input]
        node.output[:] = [names.get(o, o) for o in node.output]
    for value in (*merged.graph.input, *merged.graph.output, *merged.graph.value_info):
        value.name = names.get(value.name, value.name)
    merged.graph.name = first.graph.name
    onnx.checker.check_model(merged, full_check=True)
    return merged
