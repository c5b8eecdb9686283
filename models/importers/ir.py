"""What a published network is before it is ONNX: constants, and steps in TensorFlow's order and layout.

Does not read files (tflite.py, tfjs.py do) and knows no operator (operators.py does).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]

MAX_ELEMENTS = 1 << 26  # of one tensor; the largest we meet has 6 million. The limits only stop nonsense.
MAX_TOTAL = 1 << 27  # of all constants
MAX_STEPS = 10_000  # operators of a file; the largest we import has 388


class Unreadable(ValueError):
    """The files are not a model the importers can read; the message says why in one sentence."""


@dataclass(frozen=True)
class Constant:
    """Numbers of the file. With `scale`: (array - zero) * scale, per tensor, or along `axis`."""

    array: Array
    scale: Array | None = None  # float32, of one element or as long as the axis
    zero: Array | None = None  # as `scale`
    axis: int = 0

    def numbers(self) -> Array:
        """float32 or int64, as the network computes with them."""
        array = self.array
        if self.scale is None or self.zero is None:
            return array.astype(np.int64 if array.dtype.kind in "iub" else np.float32)
        form = [1] * array.ndim
        if self.scale.size > 1:
            form[self.axis] = -1
        zero, scale = self.zero.reshape(form), self.scale.astype(np.float64).reshape(form)
        with np.errstate(over="ignore"):  # of a damaged file
            return ((array.astype(np.int64) - zero) * scale).astype(np.float32).reshape(array.shape)

    @property
    def packed(self) -> bool:
        """Whether ONNX's DequantizeLinear can take the bytes as they are."""
        return self.scale is not None and self.array.dtype in (np.int8, np.uint8)


@dataclass(frozen=True)
class Step:
    """One operation: `kind` is a key of operators.OPERATORS, `options` are its own."""

    kind: str
    label: str  # for messages: the operator and what it makes, as the file says it
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Network:
    """A published network: one picture in, steps in their order, values by name."""

    picture: str
    shape: Shape  # of the picture, NHWC
    constants: dict[str, Constant]
    steps: list[Step]
    outputs: dict[str, str]  # the file's name -> value
    names: dict[str, str]  # the file's name of any tensor -> value
    shapes: Mapping[str, Shape] = field(default_factory=dict)  # what the file says, where it does

    def needed(self, values: Sequence[str]) -> Network:
        """The same network without the steps that `values` do not need."""
        wanted, steps = set(values), []
        for step in reversed(self.steps):
            if wanted & set(step.outputs):
                steps.append(step)
                wanted |= set(step.inputs)
        constants = {name: c for name, c in self.constants.items() if name in wanted}
        return Network(
            self.picture, self.shape, constants, steps[::-1], self.outputs, self.names, self.shapes
        )


def bounded(shape: Sequence[int], what: str) -> Shape:
    """`shape` as a tuple. Raises Unreadable for one no network has."""
    if len(shape) > 6:
        raise Unreadable(f"{what} has {len(shape)} dimensions")
    result = tuple(int(n) for n in shape)
    if any(n <= 0 for n in result) or math.prod(result) > MAX_ELEMENTS:
        raise Unreadable(f"{what} has the shape {result}")
    return result


def shown(name: str) -> str:
    """A name in quotes, its middle left out where it is long, as those of converted models are."""
    return repr(name if len(name) <= 60 else f"{name[:30]}...{name[-25:]}")
