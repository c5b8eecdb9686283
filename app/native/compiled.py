"""Session of a compiled graph under CPython: its WebAssembly module in wasmtime; Tensors are NumPy arrays.

Does not compile graphs: models.compile does. Computes what the page computes, at another speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import wasmtime

from app.core.program import Value, layout, section
from app.native.array_session import Array, ArraySession, first_line


class Session(ArraySession):
    """See Session in app.core.ports."""

    def __init__(self, module: bytes, weights: bytes) -> None:
        """`module` and `weights`: the two files of a compiled graph.

        Raises ValueError when they are not such files.
        """
        self._layout = layout(section(module))
        self.inputs = {name: value.shape for name, value in self._layout.inputs.items()}
        self._store: Any = wasmtime.Store()
        try:
            code = wasmtime.Module(self._store.engine, module)
            exports = wasmtime.Instance(self._store, code, []).exports(self._store)
        except wasmtime.WasmtimeError as error:
            raise ValueError(f"wasmtime cannot load this module: {first_line(error)}") from None
        self._run: Any = exports["run"]
        memory: Any = exports["memory"]
        size = memory.data_len(self._store)
        self._layout.check(len(weights), size)
        # The memory never grows, so the view stays valid as long as the store lives.
        self._bytes = np.ctypeslib.as_array(memory.data_ptr(self._store), (size,))
        offset = self._layout.weights[0]
        self._bytes[offset : offset + len(weights)] = np.frombuffer(weights, np.uint8)
        self._call(exports["load"])

    def run_now(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Do the same as `run`, but block until it ends."""
        if self._store is None:
            raise RuntimeError("This session is closed. Open the model again.")
        for name, value in self._layout.inputs.items():
            if name not in feeds:
                raise RuntimeError(f"The input {name} is missing. Feed it.")
            feed = np.asarray(feeds[name])
            if feed.dtype != value.type or feed.size != value.length:
                wanted = f"{value.type} {list(value.shape)}"
                raise RuntimeError(f"The input {name} is {feed.dtype} {list(feed.shape)}, not {wanted}.")
            self._view(value)[:] = feed.reshape(value.shape)
        self._call(self._run)
        return {name: self._view(value).copy() for name, value in self._layout.outputs.items()}

    async def close(self) -> None:
        """Free the model's memory. A second call does nothing."""
        self._store = self._run = None
        self._bytes = np.zeros(0, np.uint8)

    def _view(self, value: Value) -> Array:
        return self._bytes[value.offset : value.offset + value.bytes].view(value.type).reshape(value.shape)

    def _call(self, function: Any) -> None:
        try:
            function(self._store)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise RuntimeError(f"the compiled model failed: {first_line(error)}") from None
