"""CompiledSession: one compiled graph, a WebAssembly module of its own; implements Session of app.core.ports.

Does not fetch files, does not choose a variant, and never reads a large Tensor in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from js import Float32Array, Int32Array, Uint8Array, WebAssembly
from pyodide.ffi import JsException

from app.core.ports import Tensor as AnyTensor
from app.core.program import SECTION, Value, layout
from app.page.tensor import Tensor
from app.page.tensor_session import TensorSession

ARRAYS = {"uint8": Uint8Array, "int32": Int32Array, "float32": Float32Array}


class CompiledSession(TensorSession):
    """One loaded graph. Create it with `await CompiledSession.open(js_module, js_weights)`."""

    def __init__(self, js_exports: Any, inputs: Mapping[str, Value], outputs: Mapping[str, Value]) -> None:
        self._run = js_exports.run
        js_buffer = js_exports.memory.buffer  # the memory never grows, so its views stay valid
        self._feeds = [(name, value, _view(js_buffer, value)) for name, value in inputs.items()]
        self._outputs = [(name, value, _view(js_buffer, value)) for name, value in outputs.items()]
        self.inputs = list(inputs)
        self.outputs = list(outputs)

    @classmethod
    async def open(cls, js_module: Any, js_weights: Any) -> CompiledSession:
        """Load a graph from the bytes of its two files.

        Raises RuntimeError where this browser cannot compile the module, or where the files do not fit.
        """
        try:
            js_code = await WebAssembly.compile(js_module)
            js_sections = WebAssembly.Module.customSections(js_code, SECTION)
            if not js_sections.length:
                raise ValueError(f"its module has no section “{SECTION}”")
            found = layout(js_sections[0].to_bytes())
            js_exports = (await WebAssembly.instantiate(js_code)).exports
            js_memory = Uint8Array.new(js_exports.memory.buffer)
            found.check(js_weights.length, js_memory.length)
            js_memory.set(js_weights, found.weights[0])
            js_exports.load()
        except (JsException, ValueError) as error:
            raise RuntimeError(f"the compiled model could not be loaded: {error}") from error
        return cls(js_exports, found.inputs, found.outputs)

    async def run(self, feeds: Mapping[str, AnyTensor]) -> dict[str, AnyTensor]:
        """See Session in app.core.ports. An output is a copy, so that a later run does not overwrite it."""
        if self._run is None:
            raise RuntimeError("this session is closed")
        try:
            for name, value, js_view in self._feeds:
                js_data = feeds[name].data
                if js_data.length != value.length:
                    raise RuntimeError(f"the input {name} has {js_data.length} numbers, not {value.length}")
                js_view.set(js_data)
            self._run()
            return {
                name: Tensor(value.type, js_view.slice(), value.shape)
                for name, value, js_view in self._outputs
            }
        except JsException as error:
            raise RuntimeError(f"the compiled model failed: {error}") from error

    def idle(self) -> None:
        """Run on what the memory holds. The browser compiles a function for speed once it has run often."""
        try:
            if self._run is not None:
                self._run()
        except JsException:
            pass  # the next run says it

    async def close(self) -> None:
        """See Session in app.core.ports. The browser frees the memory when nothing refers to it."""
        self._run = None
        self._feeds, self._outputs = [], []


def _view(js_buffer: Any, value: Value) -> Any:
    """The tensor as a typed array over the module's memory."""
    return ARRAYS[value.type].new(js_buffer, value.offset, value.length)
