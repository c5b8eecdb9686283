"""Constants of the graph, and their numbers in the order in which kernels read them.

Does not store: weights.py does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.compile.ir import LANES, Array

BLOCK = 2 * LANES  # output channels whose weights lie together


@dataclass(frozen=True, eq=False)
class Integers:
    """Small integers and what widens them: (small + shift) * scale. The latter broadcast to small's shape."""

    small: Array
    shift: Array
    scale: Array

    def widened(self) -> Array:
        """The numbers in float32."""
        return (self.small.astype(np.float32) + self.shift.astype(np.float32)) * self.scale.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Const:
    """A constant of the graph; `integers` where it was widened from small integers."""

    array: Array
    integers: Integers | None = None

    def packed(self, arrange: Callable[[Array], Array]) -> Const:
        """The numbers, and the integers with what widens them, arranged in the same way."""
        if self.integers is None:
            return Const(arrange(self.array))
        small, *rest = (self.integers.small, self.integers.shift, self.integers.scale)
        whole = [np.ascontiguousarray(np.broadcast_to(each, self.array.shape)) for each in rest]
        return Const(arrange(self.array), Integers(*map(arrange, (small, *whole))))


def padded(array: Array, axis: int, step: int) -> Array:
    """With zeros at the end of an axis, so that its length is a multiple of `step`."""
    lacking = -array.shape[axis] % step
    if not lacking:
        return array
    widths = [(0, lacking if i == axis else 0) for i in range(array.ndim)]
    return np.pad(array, widths)


def dense_blocks(array: Array) -> list[Array]:
    """Weights [outputs, taps] as blocks [block][tap][8 outputs]; the last block may have 4."""
    outputs, taps = array.shape
    full = outputs // BLOCK
    parts = []
    if full:
        parts.append(array[: full * BLOCK].reshape(full, BLOCK, taps).transpose(0, 2, 1))
    if outputs % BLOCK:
        rest = padded(array[full * BLOCK :], 0, LANES)
        parts.append(rest.T[None])
    return [np.ascontiguousarray(part) for part in parts]
