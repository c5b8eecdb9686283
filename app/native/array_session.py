"""ArraySession: what the Sessions under CPython share, whose Tensors are NumPy arrays.

Does not run a model: a subclass does.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class ArraySession(ABC):
    """See Session in app.core.ports."""

    async def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Named inputs to named outputs. Raises RuntimeError, with the runtime's words, when it fails."""
        return await asyncio.to_thread(self.run_now, feeds)

    @abstractmethod
    def run_now(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Do the same as `run`, but block until it ends."""

    def tensor(self, numbers: Sequence[float] | array[float], shape: Sequence[int]) -> Array:
        """A float32 array of `shape` from at most some hundred numbers."""
        return np.array(numbers, np.float32).reshape(tuple(shape))

    def blank(self, shape: Sequence[int]) -> Array:
        """A float32 array of zeros."""
        return np.zeros(tuple(shape), np.float32)

    def numbers(self, tensor: Array) -> array[float]:
        """The values, flat, as array('f')."""
        return array("f", np.ascontiguousarray(tensor, np.float32).tobytes())


def first_line(error: Exception) -> str:
    """The first line of an error's text; the name of its class where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
