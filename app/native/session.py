"""Session under CPython: one ONNX model in onnxruntime; its Tensors are NumPy arrays.

Does not choose a model or a variant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnxruntime as ort

from app.native.array_session import Array, ArraySession, first_line


class Session(ArraySession):
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
                f"onnxruntime cannot run this model ({len(model)} bytes): {first_line(error)}"
            ) from None
        self.inputs: dict[str, tuple[int, ...]] = {i.name: tuple(i.shape) for i in self._session.get_inputs()}
        self._outputs: list[str] = [output.name for output in self._session.get_outputs()]

    def run_now(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Do the same as `run`, but block until it ends."""
        if self._session is None:
            raise RuntimeError("This session is closed. Open the model again.")
        try:
            values = self._session.run(self._outputs, dict(feeds))
        except Exception as error:
            raise RuntimeError(first_line(error)) from None
        return dict(zip(self._outputs, values, strict=True))

    async def close(self) -> None:
        """Free the model's memory. A second call does nothing."""
        self._session = None
