"""probe(): asks this browser which interfaces and GPUs it has.

Does not choose a backend: app.core.backend does.
"""

from __future__ import annotations

from typing import Any

import js
from js import Object, OffscreenCanvas, WebAssembly
from pyodide.ffi import JsException, jsnull, to_js

from app.core.backend import Probe, is_software


def _present(value: Any) -> bool:
    return value is not None and value is not jsnull


def _webgl() -> str:
    """The GPU's name according to WebGL2; "" without WebGL2."""
    gl = OffscreenCanvas.new(1, 1).getContext("webgl2")
    if not _present(gl):
        return ""
    info = gl.getExtension("WEBGL_debug_renderer_info")
    name: str = gl.getParameter(info.UNMASKED_RENDERER_WEBGL if _present(info) else gl.RENDERER)
    lose = gl.getExtension("WEBGL_lose_context")
    if _present(lose):
        lose.loseContext()  # browsers allow about 16 contexts, so free it at once
    return name or "unnamed"


# The optional features of a WebGPU adapter that variants may need. onnxruntime-web requests all of them.
FEATURES = ("shader-f16",)


async def _webgpu() -> tuple[str, bool, tuple[str, ...]]:
    """The adapter's name ("" without WebGPU), whether it is a software adapter, and its FEATURES."""
    gpu: Any = getattr(js.navigator, "gpu", None)
    if not _present(gpu):
        return "", False, ()
    try:
        adapter = await gpu.requestAdapter()
    except JsException:
        return "", False, ()
    if not _present(adapter):
        return "", False, ()
    info = getattr(adapter, "info", None)
    words = [str(getattr(info, key, "") or "") for key in ("vendor", "architecture", "device", "description")]
    name = " ".join(word for word in words if word) or "unnamed"
    fallback = getattr(info, "isFallbackAdapter", None) or getattr(adapter, "isFallbackAdapter", None)
    features = tuple(name for name in FEATURES if adapter.features.has(name))
    return name, bool(fallback) or is_software(name), features


# A module with one function of the relaxed SIMD proposal: i8x16.relaxed_swizzle of two vectors.
RELAXED_SIMD = bytes.fromhex("0061736d010000000105016000017b030201000a0f010d004101fd0f4102fd0ffd80020b")


def _wasm() -> tuple[str, ...]:
    """The optional features of WebAssembly that variants may need."""
    return ("relaxed-simd",) if WebAssembly.validate(to_js(RELAXED_SIMD)) else ()


async def probe() -> Probe:
    """Probe this browser, in the worker."""
    webgl = _webgl()
    webgpu, software_webgpu, features = await _webgpu()
    return Probe(
        cores=int(getattr(js.navigator, "hardwareConcurrency", 1) or 1),
        isolated=bool(js.crossOriginIsolated),
        jspi=hasattr(WebAssembly, "Suspending"),
        webgl=webgl,
        webgpu=webgpu,
        software_webgl=is_software(webgl),
        software_webgpu=software_webgpu,
        features=(*features, *_wasm()),
    )


def options() -> Any:
    """The attributes of the canvas's WebGL2 context."""
    off = [[name, False] for name in ("antialias", "depth", "stencil")]
    return Object.fromEntries([["alpha", True], ["premultipliedAlpha", True], *off])
