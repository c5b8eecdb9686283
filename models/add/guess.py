"""What a network is for, as far as its file tells: the picture it takes, its range, the kind of its outputs.

Does not run it. What is guessed goes into a card that its author looks through.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.card import MASKED
from models.add.inputs import Unfit
from models.spec import rules

if TYPE_CHECKING:
    import onnx


PROBABILITIES = frozenset({"Sigmoid", "HardSigmoid", "Softmax", "Clip"})
# Only move numbers, or lay them between their neighbours: 0 to 1 stays 0 to 1.
PLACES = frozenset(
    {"Gather", "Identity", "Reshape", "Resize", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"}
)


@dataclass(frozen=True)
class Guess:
    """What `models add` writes into a card, besides its files."""

    kind: str
    height: int
    width: int
    scale: float
    offset: float
    mask: tuple[int, int] | None
    outputs: Mapping[str, str]  # role -> name; empty for a network
    rounded: bool  # the published model computes in 8 bits


def guess(
    format: str,
    files: Mapping[str, bytes],
    model: onnx.ModelProto,
    kind: str | None,
    given: Mapping[str, str],
) -> Guess:
    """The guess for an imported model; `kind` and `given`, role -> name, are what the user says.

    Raises Unfit where it takes no picture, or has not the outputs that `kind` needs.
    """
    taken = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    if len(model.graph.input) != 1 or len(taken) != 4 or taken[1] != 3 or not all(taken[2:]):
        shape = " x ".join(map(str, taken))
        raise Unfit(
            f"it takes {len(model.graph.input)} inputs of {shape}, not one picture of 3 colours; "
            "where its size is open, give it with --size HxW"
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
    outputs = dict(given)
    if rules.fits(kind, given):
        pass
    elif kind == "segmenter":
        if len(maps) != 1:
            raise Unfit(f"a segmenter has one map of one channel, this has {_listed(shapes)}")
        outputs = {_role(model, maps[0]): given.get(maps[0], maps[0])}
    else:
        outputs = {role: given.get(name, name) for role, name in _fitting(kind, shapes).items()}
    steps = quantised(format, files)
    scale, offset = steps or (1 / 255, 0.0)
    mask = None
    if kind in MASKED:
        _, _, *sides = shapes[maps[0]] if maps else (1, 1, 64, 64)
        mask = (sides[0], sides[1])
    return Guess(kind, taken[2], taken[3], scale, offset, mask, outputs, steps is not None)


def _role(model: onnx.ModelProto, name: str) -> str:
    """A map that a sigmoid or softmax made is a probability; what it is otherwise is taken for logits."""
    makers = {output: node for node in model.graph.node for output in node.output}
    while name in makers and makers[name].op_type in PLACES:
        name = makers[name].input[0]
    return "mask" if name in makers and makers[name].op_type in PROBABILITIES else "logits"


# By kind: its roles, the one with the most numbers first.
ROLES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "detector": (("raw", "logits"),),
    "pose": (("pose",), ("offsets", "heatmaps")),
    "landmarks": (("points", "presence"),),
    "classifier": (("features", "scores"),),
}


def _fitting(kind: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """The outputs by size, as the kind's roles come."""
    by_size = sorted(shapes, key=lambda name: -math.prod(max(n, 1) for n in shapes[name]))
    for roles in ROLES[kind]:
        if len(roles) == len(by_size):
            return dict(zip(roles, by_size, strict=True))
    wanted = ", or ".join(" and ".join(roles) for roles in ROLES[kind])
    raise Unfit(f"a {kind} has {wanted}, this has {_listed(shapes)}: add it with --kind network")


def quantised(format: str, files: Mapping[str, bytes]) -> tuple[float, float] | None:
    """(scale, offset) from a byte to the numbers of a quantised .tflite's input; None for a float one."""
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
