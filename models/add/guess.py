"""Guesses what a card needs from a network's file: the input's size and range, the kind, the outputs.

Does not run the network. The guesses go into a card, which the user has to check.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.card import MASKED
from app.core.errors import UserError
from models.spec import rules

if TYPE_CHECKING:
    import onnx


PROBABILITIES = frozenset({"Sigmoid", "HardSigmoid", "Softmax", "Clip"})
# Operators that rearrange or interpolate numbers, so that 0 to 1 stays 0 to 1.
REARRANGING = frozenset(
    {"Gather", "Identity", "Reshape", "Resize", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"}
)


@dataclass(frozen=True)
class Guess:
    """The guessed entries of a card."""

    kind: str
    height: int
    width: int
    scale: float
    offset: float
    mask: tuple[int, int] | None
    outputs: Mapping[str, str]  # role -> name of a tensor; empty for a network
    quantised: bool  # the published model computes in 8 bits


def guess(
    format: str,
    files: Mapping[str, bytes],
    model: onnx.ModelProto,
    kind: str | None,
    named: Mapping[str, str],
) -> Guess:
    """The guess for an imported model; the user gives `kind` and the outputs `named` (role -> name).

    Raises UserError where the input is not a picture or the model lacks outputs that `kind` needs.
    """
    input = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    if len(model.graph.input) != 1 or len(input) != 4 or input[1] != 3 or not all(input[2:]):
        shape = " x ".join(map(str, input))
        raise UserError(
            f"the model has {len(model.graph.input)} inputs, the first of {shape}; it must have one, "
            "a picture of 3 channels. If its size is open, give one with --size HxW."
        )
    shapes = {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for value in model.graph.output
    }
    floats = {v.name for v in model.graph.output if v.type.tensor_type.elem_type == 1}  # TensorProto.FLOAT
    maps = [
        name
        for name, shape in shapes.items()
        if name in floats and len(shape) == 4 and shape[1] == 1 and min(shape[2:]) > 1
    ]
    kind = kind or ("segmenter" if len(shapes) == len(maps) == 1 else "network")
    outputs = dict(named)
    if rules.fits(kind, named):
        pass
    elif kind == "segmenter":
        if len(maps) != 1:
            raise UserError(
                f"a segmenter needs one map of one channel, but the outputs are {_listed(shapes)}. "
                "Choose another kind with --kind."
            )
        outputs = {_role(model, maps[0]): named.get(maps[0], maps[0])}
    else:
        outputs = {role: named.get(name, name) for role, name in _fitting(kind, shapes).items()}
    steps = quantised_range(format, files)
    scale, offset = steps or (1 / 255, 0.0)
    mask = None
    if kind in MASKED:
        _, _, *sides = shapes[maps[0]] if maps else (1, 1, 64, 64)
        mask = (sides[0], sides[1])
    return Guess(kind, input[2], input[3], scale, offset, mask, outputs, steps is not None)


def _role(model: onnx.ModelProto, name: str) -> str:
    """The role of a map: "mask" where it comes from a sigmoid or softmax, otherwise "logits"."""
    makers = {output: node for node in model.graph.node for output in node.output}
    while name in makers and makers[name].op_type in REARRANGING:
        name = makers[name].input[0]
    return "mask" if name in makers and makers[name].op_type in PROBABILITIES else "logits"


# By kind: its possible roles, that with the most numbers first.
ROLES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "detector": (("raw", "logits"),),
    "pose": (("pose",), ("offsets", "heatmaps")),
    "landmarks": (("points", "presence"),),
    "classifier": (("features", "scores"),),
}


def _fitting(kind: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """The kind's roles -> the outputs, both in order of size."""
    by_size = sorted(shapes, key=lambda name: -math.prod(max(n, 1) for n in shapes[name]))
    for roles in ROLES[kind]:
        if len(roles) == len(by_size):
            return dict(zip(roles, by_size, strict=True))
    needed = ", or ".join(" and ".join(roles) for roles in ROLES[kind])
    raise UserError(
        f"a {kind} needs {needed}, but the outputs are {_listed(shapes)}. Add the model with --kind network."
    )


def quantised_range(format: str, files: Mapping[str, bytes]) -> tuple[float, float] | None:
    """(scale, offset) from a byte to the input's numbers in a quantised .tflite file, or None."""
    if format != "tflite":
        return None
    import tflite

    model = tflite.Model.GetRootAs(next(iter(files.values())), 0)
    graph = model.Subgraphs(0)
    tensor = graph.Tensors(int(graph.Inputs(0)))
    first = {tflite.TensorType.UINT8: 0, tflite.TensorType.INT8: -128}.get(tensor.Type())
    steps = tensor.Quantization()
    if first is None:
        return None
    if steps is None or steps.ScaleLength() != 1 or steps.Scale(0) <= 0:
        return 1.0, 0.0
    scale = float(steps.Scale(0))
    return scale, (first - int(steps.ZeroPoint(0))) * scale


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} [{','.join(map(str, shape))}]" for name, shape in shapes.items())
