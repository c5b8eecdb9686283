"""Runtime: opens the graphs of cards on one backend, compiled ones and ONNX files in onnxruntime-web.

Does not decide which backend or variant: app.core.backend and the card do. Fetches onnxruntime-web only when
an ONNX file is opened.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Sequence
from typing import Any, NamedTuple

from js import URL, Object, Uint8Array, crypto, location
from pyodide.ffi import JsException

from app.core import messages
from app.core.backend import BACKENDS, Backend, Probe, bundle, threads
from app.core.card import Graph, ModelCard, Variant
from app.core.chain import Chain
from app.core.settings import Settings
from app.page.compiled import CompiledSession
from app.page.session import Session
from app.page.tensor import Tensor

AnySession = Session | CompiledSession
PLAIN = BACKENDS["wasm-ort"]  # what runs an ONNX file beside compiled models


class CorruptFileError(RuntimeError):
    """A file that is missing or is not the one this build made."""


class Fetched(NamedTuple):
    """The bytes of a graph's files; `js_weights` is None for an ONNX file."""

    js_graph: Any
    js_weights: Any = None


class Runtime:
    """What runs models on one backend. `threads`: how many WebAssembly threads run them."""

    def __init__(
        self, page: Any, manifest: dict[str, Any], backend: Backend, probe: Probe, settings: Settings
    ) -> None:
        self.page = page
        self.backend = backend
        self.features = probe.features
        self.threads = 1
        self.compiled: list[CompiledSession] = []  # those that are open
        self._manifest = manifest
        self._probe = probe
        self._settings = settings
        self._js_ort: Any = None

    def variant(self, card: ModelCard) -> Variant:
        """The variant of a card for this backend. Raises RuntimeError where the card has none."""
        variant = card.variant(self.backend.id, self.features)
        if variant is None:
            raise RuntimeError(f"{card.title} has no variant for {self.backend.title}")
        return variant

    async def fetch(self, graphs: Sequence[Graph], title: str) -> list[Fetched]:
        """Fetch and check graphs, and onnxruntime-web where one of them needs it. Raises CorruptFileError."""
        if not all(graph.weights for graph in graphs):
            await self.ort()
        return [
            Fetched(*await gather(*(load_graph(self.page, file, title) for file in graph.files)))
            for graph in graphs
        ]

    async def open(self, card: ModelCard, files: Sequence[Fetched]) -> AnySession | Chain:
        """Open what `fetch` returned of a variant's graphs. Raises RuntimeError."""
        opened: list[AnySession] = []
        try:
            for each in files:
                opened.append(await self._open(each, self.backend.provider or PLAIN.provider, card))
        except Exception:
            for session in opened:
                await session.close()
            raise
        return opened[0] if len(opened) == 1 else Chain(opened[0], opened[1])

    async def small(self, files: Sequence[Fetched]) -> AnySession:
        """Open a graph that is too small for a GPU: a matte, a tint, a cutout or an index.

        onnxruntime-web runs it on WASM, which every bundle but WebGL's has. Raises RuntimeError.
        """
        return await self._open(files[0], "webgl" if self.backend.provider == "webgl" else PLAIN.provider)

    async def ort(self) -> Any:
        """onnxruntime-web for this backend, fetched when it is first needed. Raises CorruptFileError."""
        if self._js_ort is None:
            backend = self.backend if self.backend.bundle else PLAIN
            self._js_ort, count = await load_ort(
                self.page, self._manifest, backend, self._probe, self._settings
            )
            if backend is self.backend:
                self.threads = count
        return self._js_ort

    def wrap(self, kind: str, js_array: Any, shape: Sequence[int]) -> Tensor:
        """A Tensor that uses a typed array without a copy."""
        return Tensor(kind, js_array, shape)

    async def _open(self, files: Fetched, provider: str, card: ModelCard | None = None) -> AnySession:
        if files.js_weights is None:
            return await Session.open(
                await self.ort(), files.js_graph, provider, card.dimensions if card else None
            )
        session = await CompiledSession.open(files.js_graph, files.js_weights)
        self.compiled.append(session)
        return session


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
    """Fetch a file of a graph and check its hash; returns a Uint8Array. Raises CorruptFileError."""
    if not graph.bytes:  # the weights of a graph without any
        return Uint8Array.new(0)
    js_buffer = await fetched(page, graph.path, title, graph.bytes)
    digest = Uint8Array.new(await crypto.subtle.digest("SHA-256", js_buffer)).to_bytes().hex()
    if digest != graph.sha256:
        raise CorruptFileError(f"the file of {title} is damaged: it is not the one this build made")
    return Uint8Array.new(js_buffer)


def _url(path: str) -> str:
    return str(URL.new(path, location.href))
