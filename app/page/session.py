"""Session: one ONNX graph in onnxruntime-web; implements Session of app.core.ports.

Does not choose a backend or a variant, and never reads a large Tensor in Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from js import Object, performance
from pyodide.ffi import JsException, to_js

from app.core.dimensions import fixed
from app.core.ports import Tensor as AnyTensor
from app.page.tensor import Tensor
from app.page.tensor_session import TensorSession


class Session(TensorSession):
    """One loaded graph. Create it with `await Session.open(ort, js_bytes, provider)`."""

    def __init__(self, js_ort: Any, js_session: Any, js_gl: Any = None) -> None:
        """`js_gl`: the WebGL context that the session computes with; None on other backends."""
        self._ort = js_ort
        self._session = js_session
        self._gl = js_gl
        self._feeds = Object.new()  # one object for all runs; each run overwrites its fields
        self.inputs: list[str] = js_session.inputNames.to_py()
        self.outputs: list[str] = js_session.outputNames.to_py()

    @classmethod
    async def open(
        cls, js_ort: Any, js_bytes: Any, provider: str, dimensions: Mapping[str, int] | None = None
    ) -> Session:
        """Load a graph from the bytes of its ONNX file. `dimensions`: sizes of its free dimensions, by name.

        Raises RuntimeError when onnxruntime-web cannot load the graph.
        """
        # The files are stored unoptimised: onnxruntime-web folds constants and fuses operators here, for
        # each backend. Severity 3 is "error"; the build checks the warnings.
        options: dict[str, Any] = {
            "executionProviders": [provider],
            "graphOptimizationLevel": "all",
            "logSeverityLevel": 3,
        }
        if dimensions and provider == "webgl":  # its runtime has no option for dimensions
            js_bytes = to_js(fixed(js_bytes.to_bytes(), dimensions))
        elif dimensions:
            options["freeDimensionOverrides"] = dict(dimensions)
        try:
            js_session = await js_ort.InferenceSession.create(js_bytes, to_js(options))
            return cls(js_ort, js_session, js_ort.env.webgl.context if provider == "webgl" else None)
        except JsException as error:
            raise RuntimeError(f"onnxruntime-web ({provider}) could not load the model: {error}") from error

    async def run(self, feeds: Mapping[str, AnyTensor]) -> dict[str, AnyTensor]:
        """See Session in app.core.ports."""
        js_feeds = self._feeds
        for name in self.inputs:
            feed = feeds[name]
            setattr(js_feeds, name, feed.ort(self._ort) if isinstance(feed, Tensor) else feed)
        try:
            js_outputs = await self._session.run(js_feeds)
        except JsException as error:
            raise RuntimeError(f"onnxruntime-web failed: {error}") from error
        if (
            self._gl is not None and self._gl.isContextLost()
        ):  # onnxruntime-web does not check this and returns zeros
            raise RuntimeError("the browser lost the WebGL context")
        return {name: getattr(js_outputs, name) for name in self.outputs}

    async def close(self) -> None:
        """See Session in app.core.ports."""
        try:
            await self._session.release()
        except JsException as error:
            raise RuntimeError(f"onnxruntime-web could not free a model: {error}") from error


def now() -> float:
    """Milliseconds since the worker started."""
    value: float = performance.now()
    return value
