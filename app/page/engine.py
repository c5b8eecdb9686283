"""Engine: fetch, check and load what one backend needs to run its cards.

Does not decide which backend or variant: app.backend and the card do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from js import URL, Object, Uint8Array, crypto, location
from pyodide.ffi import JsException, to_js

from app import trouble
from app.backend import Backend, Probe, bundle, draws_with_shaders, threads
from app.card import Graph, Input, ModelCard, Variant
from app.chain import Chain
from app.look import Look
from app.meter import OVERLAY, Meter
from app.model import Model
from app.overlays import OVERLAYS, PARTS, Overlay
from app.page.canvas import CanvasCompositor
from app.page.compositor import Compositor
from app.page.probe import options
from app.page.session import Session
from app.pipeline import Pipeline
from app.ports import Session as AnySession


class Corrupt(RuntimeError):
    """A file that is missing or is not the one this build made."""


@dataclass(frozen=True)
class Runtime:
    """onnxruntime-web for a backend: opens cards on it."""

    page: Any
    js_ort: Any
    backend: Backend
    features: tuple[str, ...]

    def variant(self, card: ModelCard) -> Variant:
        """What is run of a card. Raises RuntimeError where it is not offered here."""
        variant = card.variant(self.backend.id, self.features)
        if variant is None:
            raise RuntimeError(f"{card.title} is not offered on {self.backend.title}")
        return variant

    async def fetch(self, card: ModelCard, variant: Variant) -> list[Any]:
        """The bytes of a variant's graphs, checked. Raises Corrupt."""
        return [await load_graph(self.page, graph, card.title) for graph in variant.graphs]

    async def open(self, card: ModelCard, js_graphs: list[Any]) -> Session | Chain:
        """What `fetch` gave, loaded. Raises RuntimeError."""
        opened: list[Session] = []
        try:
            for js in js_graphs:
                opened.append(await Session.open(self.js_ort, js, self.backend.provider, card.dimensions))
        except Exception:
            for session in opened:
                await session.close()
            raise
        return opened[0] if len(opened) == 1 else Chain(opened[0], opened[1])

    def wrap(self, kind: str, js_array: Any, shape: tuple[int, ...]) -> Any:
        """A Tensor over a typed array, which it does not copy."""
        return self.js_ort.Tensor.new(kind, js_array, to_js(list(shape)))


Key = tuple[str, Input]  # a card at one of its sizes


def key(card: ModelCard) -> Key:
    """What a loaded card is known by."""
    return card.id, card.input


@dataclass(frozen=True)
class Engine:
    """A task's cards, loaded on a backend, with the Compositor that draws its pictures."""

    runtime: Runtime
    variant: Variant
    threads: int
    session: AnySession
    compositor: Compositor | CanvasCompositor
    pipeline: Pipeline
    model: Model
    over: dict[Key, Model] = field(default_factory=dict)  # what was loaded for overlays
    tints: dict[Key, Session] = field(default_factory=dict)  # their cards' tint graphs

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
        beside: Mapping[str, ModelCard],
    ) -> Engine:
        """`beside` are the task's other cards, by kind.

        Raises Corrupt or RuntimeError, with the reason in a few words.
        """
        js_ort, count = await load_ort(page, manifest, backend, probe, look)
        runtime = Runtime(page, js_ort, backend, probe.features)
        variant = runtime.variant(card)
        session = await runtime.open(card, await runtime.fetch(card, variant))
        compositor: Compositor | CanvasCompositor
        if draws_with_shaders(probe, backend):
            compositor = Compositor(page.canvas, options(), card, runtime.wrap)
        else:
            matte = await open_matte(page, js_ort, card)
            compositor = CanvasCompositor(page.canvas, card, runtime.wrap, matte)
        model = Model(card, session, compositor, meter, variant.rgba)
        others = {}
        for kind, other in beside.items():
            its = runtime.variant(other)
            opened = await runtime.open(other, await runtime.fetch(other, its))
            others[kind] = Model(other, opened, compositor, meter, its.rgba)
        pipeline = Pipeline(look.task, model, others)
        return cls(runtime, variant, count, session, compositor, pipeline, model)

    async def warm(self) -> None:
        """One run on a black picture."""
        await self._run(self.model)

    async def overlay(
        self, kind: type[Overlay], card: ModelCard, beside: Mapping[str, ModelCard]
    ) -> Overlay:
        """An overlay of a card, loaded while the picture goes on; it stands for the runtime's own part only.

        What is loaded already, for the task or an overlay before, is used again.
        Raises Corrupt or RuntimeError.
        """
        own = await self._model(card)
        own.tint = await self._tint(card) if kind is OVERLAYS[PARTS] else None
        others = {kind: await self._model(other) for kind, other in beside.items()}
        return kind(own, others)

    async def keep(self, cards: Iterable[ModelCard]) -> None:
        """Give back what was loaded for overlays, but for these cards."""
        kept = {key(card) for card in cards}
        async with self.pipeline.between:
            for gone in self.over.keys() - kept:
                await self.over.pop(gone).session.close()
            for gone in self.tints.keys() - kept:
                await self.tints.pop(gone).close()

    async def _model(self, card: ModelCard) -> Model:
        if key(card) == key(self.model.card):
            model = self.model
            return Model(
                model.card, model.session, model.compositor, model.meter, model.rgba, (OVERLAY, OVERLAY)
            )
        if key(card) not in self.over:
            variant = self.runtime.variant(card)
            js_graphs = await self.runtime.fetch(card, variant)
            async with self.pipeline.between:  # the runtime does one thing at a time
                session = await self.runtime.open(card, js_graphs)
                stages = OVERLAY, OVERLAY
                model = Model(card, session, self.compositor, self.model.meter, variant.rgba, stages)
                try:
                    await self._run(model)
                except Exception:
                    await session.close()
                    raise
            self.over[key(card)] = model
        return self.over[key(card)]

    async def _tint(self, card: ModelCard) -> Session | None:
        """The card's tint graph, on WASM as the matte is; None where it has none."""
        if card.tint is not None and key(card) not in self.tints:
            js_graph = await load_graph(self.runtime.page, card.tint, "Body parts")
            async with self.pipeline.between:
                self.tints[key(card)] = await Session.open(self.runtime.js_ort, js_graph, "wasm")
        return self.tints.get(key(card))

    async def _run(self, model: Model) -> None:
        rgba = self.compositor.inputs.at(model.card.input, model.rgba).filled()
        await model.session.run({"rgba": rgba, **model.alone})


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


async def open_matte(page: Any, js_ort: Any, card: ModelCard) -> Session:
    """The card's matte graph, on WASM: every bundle but WebGL's has it. Raises Corrupt or RuntimeError."""
    if card.matte is None:
        raise RuntimeError(f"{card.title} has no matte graph in this build, and this browser has no WebGL2")
    return await Session.open(js_ort, await load_graph(page, card.matte, "Edge"), "wasm")


def _url(path: str) -> str:
    return str(URL.new(path, location.href))
