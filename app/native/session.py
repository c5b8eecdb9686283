"""Session under CPython: one ONNX model in onnxruntime; its Tensors are NumPy arrays.

Does not choose a model or a variant.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

Array = NDArray[Any]


class Session:
    """See Session in app.core.ports. With `threads` 0, onnxruntime runs one thread per core."""

    def __init__(self, model: bytes, threads: int = 0, dimensions: Mapping[str, int] | None = None) -> None:
        """`model`: the bytes of an ONNX file. `dimensions`: sizes of its free dimensions, by name.

        Raises ValueError when onnxruntime cannot run the model.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        for name, size in (dimensions or {}).items():
            options.add_free_dimension_override_by_name(name, size)
        options.log_severity_level = 3  # errors only; onnxruntime raises them too
        try:
            self._session: Any = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the classes of onnxruntime's errors share no other base
            raise ValueError(
                f"onnxruntime cannot run this model ({len(model)} bytes): {_first(error)}"
            ) from None
        self.inputs: dict[str, tuple[int, ...]] = {i.name: tuple(i.shape) for i in self._session.get_inputs()}
        self._outputs: list[str] = [output.name for output in self._session.get_outputs()]

    async def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Named inputs to named outputs. Raises RuntimeError, with the runtime's words, when it fails."""
        return await asyncio.to_thread(self.run_now, feeds)

    def run_now(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Do the same as `run`, but block until it ends."""
        if self._session is None:
            raise RuntimeError("This session is closed. Open the model again.")
        try:
            values = self._session.run(self._outputs, dict(feeds))
        except Exception as error:
            raise RuntimeError(_first(error)) from None
        return dict(zip(self._outputs, values, strict=True))

    def tensor(self, numbers: Sequence[float] | array[float], shape: Sequence[int]) -> Array:
        """A float32 array of `shape` from at most some hundred numbers."""
        return np.array(numbers, np.float32).reshape(tuple(shape))

    def blank(self, shape: Sequence[int]) -> Array:
        """A float32 array of zeros."""
        return np.zeros(tuple(shape), np.float32)

    def numbers(self, tensor: Array) -> array[float]:
        """The values, flat, as array('f')."""
        return array("f", np.ascontiguousarray(tensor, np.float32).tobytes())

    async def close(self) -> None:
        """Free the model's memory. A second call does nothing."""
        self._session = None


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
