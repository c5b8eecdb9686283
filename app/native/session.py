"""Session under CPython: one ONNX model in onnxruntime, Tensors are NumPy arrays.

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
    """The Session of app.core.ports, native. `threads` 0 lets onnxruntime take one per core."""

    def __init__(self, model: bytes, threads: int = 0, dimensions: Mapping[str, int] | None = None) -> None:
        """`model` is an ONNX file's bytes, `dimensions` what its free dimensions are, by name.

        Raises ValueError when the bytes are not a model it can run.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        for name, size in (dimensions or {}).items():
            options.add_free_dimension_override_by_name(name, size)
        options.log_severity_level = 3  # errors only: they are raised as well
        try:
            self._session: Any = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes share no base but this
            raise ValueError(
                f"not a model onnxruntime can run ({len(model)} bytes): {_first(error)}"
            ) from None
        self.inputs: dict[str, tuple[int, ...]] = {i.name: tuple(i.shape) for i in self._session.get_inputs()}
        self._outputs: list[str] = [output.name for output in self._session.get_outputs()]

    async def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Named inputs to named outputs. Raises RuntimeError, with the runtime's words, when it fails."""
        return await asyncio.to_thread(self.run_now, feeds)

    def run_now(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """`run` for callers that do not wait for anything else."""
        if self._session is None:
            raise RuntimeError("the session is closed")
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
        """Gives the model's memory back; a second call does nothing."""
        self._session = None


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
