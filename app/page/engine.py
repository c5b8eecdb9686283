"""Engine: fetch, check and load what one backend needs to run one card.

Does not decide which backend or variant: app.backend and the card do.
"""

from __future__ import annotations

from typing import Any

from js import URL, Object, crypto, location
from js import Uint8Array as JsBytes

from app.backend import Backend, Probe, bundle, threads
from app.card import Graph, ModelCard, Variant
from app.chain import Chain
from app.look import Look
from app.page.session import Session


class Corrupt(RuntimeError):
    """A file that is missing or is not the one this build made."""


async def load_ort(
    page: Any, manifest: dict[str, Any], backend: Backend, probe: Probe, look: Look
) -> tuple[Any, int]:
    """onnxruntime-web for a backend, and how many threads it will run on."""
    row = manifest["ort"][bundle(backend, probe)]
    js_ort = await page.load(row["module"])
    count = 1
    js_ort.env.logLevel = "error"
    if row["wasm"]:
        count = threads(look.threads, probe)
        wasm = js_ort.env.wasm
        wasm.numThreads = count
        paths = [["mjs", _url(row["mjs"])], ["wasm", _url(row["wasm"])]]
        wasm.wasmPaths = Object.fromEntries(paths)
        wasm.wasmBinary = await page.bytes(row["wasm"], f"onnxruntime-web ({backend.title})", row["bytes"])
    return js_ort, count


async def load_graph(page: Any, graph: Graph, title: str) -> Any:
    """The bytes of a graph as Uint8Array, checked by their hash. Raises Corrupt."""
    js_buffer = await page.bytes(graph.path, title, graph.bytes)
    digest = JsBytes.new(await crypto.subtle.digest("SHA-256", js_buffer)).to_bytes().hex()
    if digest != graph.sha256:
        raise Corrupt(f"the file of {title} is damaged: it is not the one this build made")
    return JsBytes.new(js_buffer)


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
