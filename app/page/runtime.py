"""Runtime: onnxruntime-web on one backend; fetches graph files, checks them and opens them as sessions.

Does not decide which backend or variant: app.core.backend and the card do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from js import URL, Object, Uint8Array, crypto, location
from pyodide.ffi import JsException, to_js

from app.core import messages
from app.core.backend import Backend, Probe, bundle, threads
from app.core.card import Graph, ModelCard, Variant
from app.core.chain import Chain
from app.core.settings import Settings
from app.page.session import Session


class CorruptFileError(RuntimeError):
    """A file that is missing or is not the one this build made."""


@dataclass(frozen=True)
class Runtime:
    """onnxruntime-web on one backend. Opens the graphs of cards."""

    page: Any
    js_ort: Any
    backend: Backend
    features: tuple[str, ...]

    def variant(self, card: ModelCard) -> Variant:
        """The variant of a card for this backend. Raises RuntimeError where the card has none."""
        variant = card.variant(self.backend.id, self.features)
        if variant is None:
            raise RuntimeError(f"{card.title} has no variant for {self.backend.title}")
        return variant

    async def fetch(self, card: ModelCard, variant: Variant) -> list[Any]:
        """Fetch and check the graphs of a variant; returns their bytes. Raises CorruptFileError."""
        return [await load_graph(self.page, graph, card.title) for graph in variant.graphs]

    async def open(self, card: ModelCard, js_graphs: list[Any]) -> Session | Chain:
        """Open the bytes that `fetch` returned. Raises RuntimeError."""
        opened: list[Session] = []
        try:
            for js in js_graphs:
                opened.append(await Session.open(self.js_ort, js, self.backend.provider, card.dimensions))
        except Exception:
            for session in opened:
                await session.close()
            raise
        return opened[0] if len(opened) == 1 else Chain(opened[0], opened[1])

    @property
    def plain(self) -> str:
        """The provider of what is too small for a GPU: WASM, which every bundle but WebGL's has."""
        return "webgl" if self.backend.provider == "webgl" else "wasm"

    async def load(self, variant: Variant, title: str) -> Any:
        """Fetch and check the only graph of a variant; returns its bytes. Raises CorruptFileError."""
        return await load_graph(self.page, variant.graphs[0], title)

    async def small(self, js_graph: Any) -> Session:
        """Open a cutout or an index. Raises RuntimeError."""
        return await Session.open(self.js_ort, js_graph, self.plain)

    def wrap(self, kind: str, js_array: Any, shape: tuple[int, ...]) -> Any:
        """A Tensor that uses a typed array without a copy."""
        return self.js_ort.Tensor.new(kind, js_array, to_js(list(shape)))


async def load_ort(
    page: Any, manifest: dict[str, Any], backend: Backend, probe: Probe, settings: Settings
) -> tuple[Any, int]:
    """onnxruntime-web for a backend, and how many threads it will run on."""
    row = manifest["ort"][bundle(backend, probe)]
    try:
        js_ort = await page.load(row["module"])
    except JsException as error:
        raise CorruptFileError(f"its runtime could not be loaded: {error}") from error
    page.ort = js_ort
    js_ort.env.logLevel = "error"
    if not row["wasm"]:
        return js_ort, 1
    count = threads(settings.threads, probe)
    wasm = js_ort.env.wasm
    wasm.numThreads = count
    paths = [["mjs", _url(row["mjs"])], ["wasm", _url(row["wasm"])]]
    wasm.wasmPaths = Object.fromEntries(paths)
    wasm.wasmBinary = await fetched(page, row["wasm"], f"onnxruntime-web ({backend.title})", row["bytes"])
    return js_ort, count


async def fetched(page: Any, path: str, title: str, size: int) -> Any:
    """Fetch a file of `size` bytes; returns an ArrayBuffer. Raises CorruptFileError."""
    try:
        return await page.bytes(path, title, size)
    except JsException as error:
        raise CorruptFileError(
            str(error).removeprefix("Error: ").replace("TypeError: Failed to fetch", messages.AWAY)
        ) from error


async def load_graph(page: Any, graph: Graph, title: str) -> Any:
    """Fetch a graph and check its hash; returns a Uint8Array. Raises CorruptFileError."""
    js_buffer = await fetched(page, graph.path, title, graph.bytes)
    digest = Uint8Array.new(await crypto.subtle.digest("SHA-256", js_buffer)).to_bytes().hex()
    if digest != graph.sha256:
        raise CorruptFileError(f"the file of {title} is damaged: it is not the one this build made")
    return Uint8Array.new(js_buffer)


def _url(path: str) -> str:
    return str(URL.new(path, location.href))
