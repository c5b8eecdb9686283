"""The backend table and choose(): which backend a browser and a model can run on.

Does not start a backend and does not measure one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from app.core.card import ModelCard


@dataclass(frozen=True)
class Backend:
    """One way of running models in the page.

    `bundle` names a row of the manifest's `ort` table and `provider` what computes in it; both are "" for
    compiled models, which need no onnxruntime-web.
    """

    id: str
    title: str
    bundle: str
    provider: str
    gpu: bool
    next: str  # the backend that replaces this one when it fails; "" for the last one


@dataclass(frozen=True)
class Probe:
    """What this browser can do, as app/page/probe.py reports it.

    `webgl` and `webgpu` are the names that the GPU gives itself; "" where the browser lacks the interface.
    """

    cores: int = 1
    isolated: bool = False  # crossOriginIsolated: WebAssembly threads are allowed
    jspi: bool = False  # WebAssembly.Suspending exists
    webgl: str = ""
    webgpu: str = ""
    software_webgl: bool = False
    software_webgpu: bool = False
    features: tuple[str, ...] = ()  # optional ones that some variants need: "shader-f16", "relaxed-simd"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Probe:
        """Make a Probe of a mapping; unknown names are ignored."""
        names = {f.name for f in fields(cls)}
        known = {name: value for name, value in data.items() if name in names}
        return cls(**{**known, "features": tuple(known.get("features", ()))})


# In the order of fallback: when a backend fails, the next one replaces it.
BACKENDS: dict[str, Backend] = {
    row.id: row
    for row in (
        Backend("webgpu", "WebGPU", "jspi", "webgpu", True, "webgl"),
        Backend("webgl", "WebGL", "webgl", "webgl", True, "wasm"),
        Backend("wasm", "WASM", "", "", False, "wasm-ort"),
        Backend("wasm-ort", "WASM (onnxruntime)", "wasm", "wasm", False, ""),
    )
}

# Parts of the names that drivers and browsers give to a software GPU, which the processor emulates.
SOFTWARE = ("swiftshader", "llvmpipe", "softpipe", "software", "basic render", "lavapipe")


def is_software(renderer: str) -> bool:
    """Whether a renderer's name is that of a software GPU."""
    return any(name in renderer.lower() for name in SOFTWARE)


def cannot(backend: Backend, probe: Probe, card: ModelCard | None) -> str:
    """Why the backend cannot run in this browser or cannot run this model; "" when it can."""
    if backend.gpu and not getattr(probe, backend.id):
        return f"this browser has no {backend.title}"
    if card is not None and not card.missing and card.variant(backend.id, probe.features) is None:
        if not backend.bundle and card.uncompiled:
            return f"{card.title} is not compiled: {card.uncompiled}"
        return f"not available for {card.title}"
    return ""


def most_threads(probe: Probe) -> int:
    """The largest number of WebAssembly threads: all cores where pages may share memory, else 1."""
    return max(1, probe.cores) if probe.isolated else 1


def threads(asked: int, probe: Probe) -> int:
    """The number of WebAssembly threads of onnxruntime-web; `asked` 0 means automatic.

    A compiled model runs on one thread, whatever was asked for. Automatic is half the cores, at most 4:
    capturing and drawing need the other cores. On two cores a second thread takes the page from 58 to 42
    frames per second (bench/fps.py), although a single inference becomes faster.
    """
    most = most_threads(probe)
    if asked:
        return min(asked, most)
    return max(1, min(4, most // 2))


def bundle(backend: Backend, probe: Probe) -> str:
    """The manifest's row of onnxruntime-web to load: WebGPU without JSPI needs the larger asyncify build."""
    return "webgpu" if backend.bundle == "jspi" and not probe.jspi else backend.bundle


def draws_with_shaders(probe: Probe) -> bool:
    """Whether shaders (WebGL2) draw the picture; otherwise 2D canvases draw it.

    A software GPU took 15 ms for a picture that a 2D canvas draws in 6 ms (bench/compose.py).
    """
    return bool(probe.webgl) and not probe.software_webgl


@dataclass(frozen=True)
class Choice:
    """`first` runs at once. Each backend of `trials` is then measured and replaces it if it is faster."""

    first: str
    trials: tuple[str, ...] = ()


def choose(probe: Probe, card: ModelCard, broken: Mapping[str, str], unable: Collection[str] = ()) -> Choice:
    """The backends that "auto" stands for: WASM at once, then a hardware GPU if it is faster.

    WASM is the compiled model, or onnxruntime-web's where the model could not be compiled.
    A software GPU is never tried: it computes on the same processor as WASM, with more overhead.
    `broken`: backend -> why it failed. `unable`: those that do not support all settings.
    Raises ValueError where no backend can run the model.
    """
    able = [b for b in BACKENDS.values() if not cannot(b, probe, card)]
    able = [b for b in able if b.id not in broken] or able  # all have failed: one of them must be tried again
    real = [b.id for b in able if b.gpu and not getattr(probe, f"software_{b.id}")]
    if plain := [b.id for b in able if not b.gpu]:
        return Choice(next((id for id in plain if id not in unable), plain[0]), tuple(real))
    if not able:
        raise ValueError(
            f"{card.title} cannot run in this browser: no backend supports it. Choose another model."
        )
    return Choice(real[0] if real else able[0].id)


def after(backend: str, probe: Probe, card: ModelCard, broken: Mapping[str, str]) -> str:
    """The next backend, in the order of BACKENDS, that can run the model and has not failed; "" for none."""
    row = BACKENDS[backend]
    while row.next:
        row = BACKENDS[row.next]
        if row.id not in broken and not cannot(row, probe, card):
            return row.id
    return ""
