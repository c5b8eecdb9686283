"""The backend table and choose(): which backend a browser and a model can run on.

Does not start a backend and does not measure one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from app.card import ModelCard


@dataclass(frozen=True)
class Backend:
    """One way of running ONNX in the page. `bundle` names a row of the manifest's `ort` table."""

    id: str
    title: str
    bundle: str
    provider: str
    gpu: bool
    next: str  # the backend that takes over when this one fails; "" for the last resort


@dataclass(frozen=True)
class Probe:
    """What this browser can do, as page/start.py found it.

    Renderer names are the GPU's own; "" where the interface is missing.
    """

    cores: int = 1
    isolated: bool = False  # crossOriginIsolated: WebAssembly threads are allowed
    jspi: bool = False  # WebAssembly.Suspending exists
    webgl: str = ""
    webgpu: str = ""
    software_webgl: bool = False
    software_webgpu: bool = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Probe:
        """A Probe from a mapping; unknown names are left out."""
        names = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in names})


# Order: the ladder a failing backend is replaced along.
BACKENDS: dict[str, Backend] = {
    row.id: row
    for row in (
        Backend("webgpu", "WebGPU", "jspi", "webgpu", True, "webgl"),
        Backend("webgl", "WebGL", "webgl", "webgl", True, "wasm"),
        Backend("wasm", "WASM", "wasm", "wasm", False, ""),
    )
}
