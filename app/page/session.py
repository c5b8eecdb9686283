"""Session over onnxruntime-web: native onnxruntime's interface, `await session.run(feeds)`.

Does not choose a backend or a variant, and never looks into a large Tensor.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from js import Float32Array, Object, performance
from pyodide.ffi import JsException, to_js

from app.core.dimensions import fixed
from app.core.ports import Tensor


class Session:
    """One graph, loaded. Make it with `await Session.open(ort, js_bytes, provider)`."""

    def __init__(self, js_ort: Any, js_session: Any, js_gl: Any = None) -> None:
        """`js_gl` is the WebGL context the session computes with, if it does."""
        self._ort = js_ort
        self._session = js_session
        self._gl = js_gl
        self._feeds = Object.new()  # one object for all runs: its fields are overwritten
        self.inputs: list[str] = js_session.inputNames.to_py()
        self.outputs: list[str] = js_session.outputNames.to_py()

    @classmethod
    async def open(
        cls, js_ort: Any, js_bytes: Any, provider: str, dimensions: Mapping[str, int] | None = None
    ) -> Session:
        """Load a graph from the bytes of its ONNX file; `dimensions` are its free ones, by name.

        Raises RuntimeError when the runtime refuses it.
        """
        # Folding constants and fusing happens here, once; the files are stored unoptimised so that each
        # backend folds for itself.
        # Severity 3 is "error": what the runtime warns of is known and looked at when the model is made.
        options: dict[str, Any] = {
            "executionProviders": [provider],
            "graphOptimizationLevel": "all",
            "logSeverityLevel": 3,
        }
        if dimensions and provider == "webgl":  # its runtime has no option for them
            js_bytes = to_js(fixed(js_bytes.to_bytes(), dimensions))
        elif dimensions:
            options["freeDimensionOverrides"] = dict(dimensions)
        try:
            js_session = await js_ort.InferenceSession.create(js_bytes, to_js(options))
            return cls(js_ort, js_session, js_ort.env.webgl.context if provider == "webgl" else None)
        except JsException as error:
            raise RuntimeError(f"onnxruntime-web ({provider}) did not take the model: {error}") from error

    async def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See Session in app.core.ports."""
        js_feeds = self._feeds
        for name in self.inputs:
            setattr(js_feeds, name, feeds[name])
        try:
            js_outputs = await self._session.run(js_feeds)
        except JsException as error:
            raise RuntimeError(f"onnxruntime-web failed: {error}") from error
        if self._gl is not None and self._gl.isContextLost():  # onnxruntime-web does not look: zeros come out
            raise RuntimeError("the browser took its WebGL context away")
        return {name: getattr(js_outputs, name) for name in self.outputs}

    def tensor(self, numbers: Sequence[float] | array[float], shape: Sequence[int]) -> Tensor:
        """See Session in app.core.ports."""
        return self.wrap("float32", Float32Array.new(to_js(array("f", numbers))), shape)

    def blank(self, shape: Sequence[int]) -> Tensor:
        """See Session in app.core.ports."""
        return self.wrap("float32", Float32Array.new(prod(shape)), shape)

    def wrap(self, kind: str, js_array: Any, shape: Sequence[int]) -> Tensor:
        """A Tensor over a typed array, which it does not copy."""
        return self._ort.Tensor.new(kind, js_array, to_js(list(shape)))

    def numbers(self, tensor: Tensor) -> array[float]:
        """See Session in app.core.ports."""
        return array("f", tensor.data.to_bytes())

    async def close(self) -> None:
        """See Session in app.core.ports."""
        try:
            await self._session.release()
        except JsException as error:
            raise RuntimeError(f"onnxruntime-web did not give a model back: {error}") from error


def now() -> float:
    """Milliseconds since the worker began."""
    value: float = performance.now()
    return value
