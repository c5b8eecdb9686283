"""Engine: fetch, check and load what one backend needs to run one card.

Does not decide which backend or variant: app.backend and the card do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from js import URL, Object, Uint8Array, crypto, location
from pyodide.ffi import JsException, to_js

from app import trouble
from app.backend import Backend, Probe, bundle, draws_with_shaders, threads
from app.card import Graph, ModelCard, Variant
from app.chain import Chain
from app.frame import Frame
from app.look import Look
from app.meter import Meter
from app.page.canvas import CanvasCompositor
from app.page.compositor import Compositor
from app.page.probe import options
from app.page.session import Session
from app.pipeline import Pipeline


class Corrupt(RuntimeError):
    """A file that is missing or is not the one this build made."""


@dataclass(frozen=True)
class Engine:
    """A card, loaded on a backend, with the Compositor that draws its pictures."""

    variant: Variant
    threads: int
    session: Session | Chain
    compositor: Compositor | CanvasCompositor
    pipeline: Pipeline

    @classmethod
    async def load(
        cls,
        page: Any,
        manifest: dict[str, Any],
        card: ModelCard,
        backend: Backend,
        look: Look,
        probe: Probe,
        meter: Meter,
    ) -> Engine:
        """Raises Corrupt or RuntimeError, with the reason in a few words."""
        variant = card.variant(backend.id)
        if variant is None:
            raise RuntimeError(f"{card.title} is not offered on {backend.title}")
        js_ort, count = await load_ort(page, manifest, backend, probe, look)
        session = await open_model(page, js_ort, backend, card, variant)

        def wrap(kind: str, js_array: Any, shape: tuple[int, ...]) -> Any:
            return js_ort.Tensor.new(kind, js_array, to_js(list(shape)))

        compositor: Compositor | CanvasCompositor
        if draws_with_shaders(probe, backend):
            compositor = Compositor(page.canvas, options(), card, variant.rgba, wrap)
        else:
            matte = await open_matte(page, js_ort, card)
            compositor = CanvasCompositor(page.canvas, card, variant.rgba, wrap, matte)
        return cls(variant, count, session, compositor, Pipeline(look.task, card, session, compositor, meter))

    async def blank(self, look: Look) -> None:
        """One run on a black picture."""
        frame = Frame(None, 1, 1, still=True)
        await self.session.run(self.pipeline.task.feeds(self.compositor.rgba, frame, look))


async def load_ort(
    page: Any, manifest: dict[str, Any], backend: Backend, probe: Probe, look: Look
) -> tuple[Any, int]:
    """onnxruntime-web for a backend, and how many threads it will run on."""
    row = manifest["ort"][bundle(backend, probe)]
    try:
        js_ort = await page.load(row["module"])
    except JsException as error:
        raise Corrupt(f"its runtime could not be loaded: {error}") from error
    page.ort = js_ort
    js_ort.env.logLevel = "error"
    if not row["wasm"]:
        return js_ort, 1
    count = threads(look.threads, probe)
    wasm = js_ort.env.wasm
    wasm.numThreads = count
    paths = [["mjs", _url(row["mjs"])], ["wasm", _url(row["wasm"])]]
    wasm.wasmPaths = Object.fromEntries(paths)
    wasm.wasmBinary = await fetched(page, row["wasm"], f"onnxruntime-web ({backend.title})", row["bytes"])
    return js_ort, count


async def fetched(page: Any, path: str, title: str, size: int) -> Any:
    """A file of `size` bytes as ArrayBuffer. Raises Corrupt."""
    try:
        return await page.bytes(path, title, size)
    except JsException as error:
        raise Corrupt(
            str(error).removeprefix("Error: ").replace("TypeError: Failed to fetch", trouble.AWAY)
        ) from error


async def load_graph(page: Any, graph: Graph, title: str) -> Any:
    """The bytes of a graph as Uint8Array, checked by their hash. Raises Corrupt."""
    js_buffer = await fetched(page, graph.path, title, graph.bytes)
    digest = Uint8Array.new(await crypto.subtle.digest("SHA-256", js_buffer)).to_bytes().hex()
    if digest != graph.sha256:
        raise Corrupt(f"the file of {title} is damaged: it is not the one this build made")
    return Uint8Array.new(js_buffer)


async def open_model(
    page: Any, js_ort: Any, backend: Backend, card: ModelCard, variant: Variant
) -> Session | Chain:
    """A card's graphs, loaded. Raises Corrupt or RuntimeError."""
    opened = [
        await Session.open(js_ort, await load_graph(page, graph, card.title), backend.provider)
        for graph in variant.graphs
    ]
    return opened[0] if len(opened) == 1 else Chain(opened[0], opened[1])


async def open_matte(page: Any, js_ort: Any, card: ModelCard) -> Session:
    """The card's matte graph, on WASM: every bundle but WebGL's has it. Raises Corrupt or RuntimeError."""
    if card.matte is None:
        raise RuntimeError(f"{card.title} has no matte graph in this build, and this browser has no WebGL2")
    return await Session.open(js_ort, await load_graph(page, card.matte, "Edge"), "wasm")


def _url(path: str) -> str:
    return str(URL.new(path, location.href))
