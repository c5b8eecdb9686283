"""The form of a network between its file and ONNX: constants, and steps in TensorFlow's order and layout.

Does not read files (tflite.py and tfjs.py do) and does not know operators (operators.py does).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.importers.errors import ModelFileError

Array = NDArray[Any]
Shape = tuple[int, ...]

MAX_ELEMENTS = (
    1 << 26
)  # of one tensor; the largest known has 6 million. The limits only reject damaged files.
MAX_TOTAL = 1 << 27  # of all constants
MAX_STEPS = 10_000  # operators of a file; the largest imported model has 388


@dataclass(frozen=True)
class Constant:
    """Numbers of the file. With `scale` they mean (array - zero) * scale, per tensor or along `axis`."""

    array: Array
    scale: Array | None = None  # float32, one number, or one for each index of the axis
    zero: Array | None = None  # same shape as `scale`
    axis: int = 0

    def numbers(self) -> Array:
        """The values the network computes with, float32 or int64."""
        array = self.array
        if self.scale is None or self.zero is None:
            return array.astype(np.int64 if array.dtype.kind in "iub" else np.float32)
        shape = [1] * array.ndim
        if self.scale.size > 1:
            shape[self.axis] = -1
        zero, scale = self.zero.reshape(shape), self.scale.astype(np.float64).reshape(shape)
        with np.errstate(over="ignore"):  # a damaged file may overflow
            return ((array.astype(np.int64) - zero) * scale).astype(np.float32).reshape(array.shape)

    @property
    def quantised(self) -> bool:
        """Whether the values are quantised to bytes that ONNX's DequantizeLinear accepts."""
        return self.scale is not None and self.array.dtype in (np.int8, np.uint8)


@dataclass(frozen=True)
class Step:
    """One operation: `kind` is a key of operators.OPERATORS, `options` are those of the kind."""

    kind: str
    label: str  # for messages: the operator and its output, by their names in the file
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Network:
    """A published network: one picture as input, steps in the order they run, values by name."""

    picture: str
    shape: Shape  # of the picture, NHWC; -1 where the file leaves a size open
    constants: dict[str, Constant]
    steps: list[Step]
    outputs: dict[str, str]  # name in the file -> value
    names: dict[str, str]  # name of any tensor in the file -> value
    shapes: Mapping[str, Shape] = field(default_factory=dict)  # shapes stated in the file, by value

    def pruned(self, values: Sequence[str]) -> Network:
        """The same network with only the steps that `values` need."""
        needed, steps = set(values), []
        for step in reversed(self.steps):
            if needed & set(step.outputs):
                steps.append(step)
                needed |= set(step.inputs)
        constants = {name: c for name, c in self.constants.items() if name in needed}
        return Network(
            self.picture, self.shape, constants, steps[::-1], self.outputs, self.names, self.shapes
        )


def checked_shape(shape: Sequence[int], what: str) -> Shape:
    """`shape` as a tuple. Raises ModelFileError where a size is not positive or the tensor is too large."""
    if len(shape) > 6:
        raise ModelFileError(f"{what} has {len(shape)} dimensions, more than 6.")
    result = tuple(int(n) for n in shape)
    if any(n <= 0 for n in result) or math.prod(result) > MAX_ELEMENTS:
        raise ModelFileError(f"{what} has the unusable shape {result}.")
    return result


def quoted(name: str) -> str:
    """A name in quotes; the middle of a long one is left out."""
    return repr(name if len(name) <= 60 else f"{name[:30]}...{name[-25:]}")
