"""The backend table and choose(): which backend a browser and a model can run on.

Does not start a backend and does not measure one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from app.core.card import ModelCard


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
    """What this browser can do, as page/probe.py found it.

    Renderer names are the GPU's own; "" where the interface is missing.
    """

    cores: int = 1
    isolated: bool = False  # crossOriginIsolated: WebAssembly threads are allowed
    jspi: bool = False  # WebAssembly.Suspending exists
    webgl: str = ""
    webgpu: str = ""
    software_webgl: bool = False
    software_webgpu: bool = False
    features: tuple[str, ...] = ()  # what a variant may need besides its backend: "shader-f16"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Probe:
        """A Probe from a mapping; unknown names are left out."""
        names = {f.name for f in fields(cls)}
        given = {name: value for name, value in data.items() if name in names}
        return cls(**{**given, "features": tuple(given.get("features", ()))})


# Order: the ladder a failing backend is replaced along.
BACKENDS: dict[str, Backend] = {
    row.id: row
    for row in (
        Backend("webgpu", "WebGPU", "jspi", "webgpu", True, "webgl"),
        Backend("webgl", "WebGL", "webgl", "webgl", True, "wasm"),
        Backend("wasm", "WASM", "wasm", "wasm", False, ""),
    )
}

# Names under which drivers and browsers present a GPU that the processor only imitates.
SOFTWARE = ("swiftshader", "llvmpipe", "softpipe", "software", "basic render", "lavapipe")


def is_software(renderer: str) -> bool:
    """Whether a renderer's name is that of a GPU imitated by the processor."""
    return any(name in renderer.lower() for name in SOFTWARE)


def cannot(backend: Backend, probe: Probe, card: ModelCard | None) -> str:
    """Why this browser or model cannot use the backend; "" when it can."""
    if backend.gpu and not getattr(probe, backend.id):
        return f"this browser has no {backend.title}"
    if card is not None and not card.missing and card.variant(backend.id, probe.features) is None:
        return f"not available for {card.title}"
    return ""


def most_threads(probe: Probe) -> int:
    """The most WebAssembly threads that can run: all cores where memory may be shared, else 1."""
    return max(1, probe.cores) if probe.isolated else 1


def threads(asked: int, probe: Probe) -> int:
    """How many WebAssembly threads to run; `asked` 0 leaves the choice to us.

    Half the cores, at most 4: the picture's own work needs the rest. On two cores a second thread
    takes the page from 58 to 42 frames per second (bench/fps.py), though a run by itself is quicker.
    """
    most = most_threads(probe)
    if asked:
        return min(asked, most)
    return max(1, min(4, most // 2))


def bundle(backend: Backend, probe: Probe) -> str:
    """The manifest's row of onnxruntime-web to load: WebGPU without JSPI needs the larger asyncify build."""
    return "webgpu" if backend.bundle == "jspi" and not probe.jspi else backend.bundle


def draws_with_shaders(probe: Probe, backend: Backend) -> bool:
    """Whether WebGL2 draws the picture; else 2D canvases do.

    A software GPU took 15 ms for what the 2D canvas does in 6 (bench/compose.py). The WebGL backend's
    bundle has no WASM for the matte graph, so its picture is drawn with shaders as well.
    """
    return bool(probe.webgl) and (not probe.software_webgl or backend.id == "webgl")


@dataclass(frozen=True)
class Choice:
    """`first` runs at once; each of `trials` is then measured beside it and taken if it is faster."""

    first: str
    trials: tuple[str, ...] = ()


def choose(probe: Probe, card: ModelCard, broken: Mapping[str, str]) -> Choice:
    """What backend "auto" means here: WASM at once, then a real GPU if there is one and it is faster.

    A software GPU is never tried: it is WASM's own processor with a detour.
    Raises ValueError where no backend can run the model.
    """
    able = [b for b in BACKENDS.values() if not cannot(b, probe, card)]
    able = [b for b in able if b.id not in broken] or able  # all broken: one of them has to be tried again
    real = [b.id for b in able if b.gpu and not getattr(probe, f"software_{b.id}")]
    if any(b.id == "wasm" for b in able):
        return Choice("wasm", tuple(real))
    if not able:
        raise ValueError(f"{card.title} cannot run in this browser: no backend offers it.")
    return Choice(real[0] if real else able[0].id)


def after(backend: str, probe: Probe, card: ModelCard, broken: Mapping[str, str]) -> str:
    """The next backend down the ladder that can run the model; "" when there is none."""
    row = BACKENDS[backend]
    while row.next:
        row = BACKENDS[row.next]
        if row.id not in broken and not cannot(row, probe, card):
            return row.id
    return ""
