"""The scenario's ports in Pyodide, over onnxruntime-web's WASM: under Node and in the page's worker.

Does not read files or the network: `house`, a JavaScript object, brings `ort`, `manifest` (JSON), and
`file(name)`, which gives the bytes of a graph or of the footage as a Uint8Array.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from js import Float32Array

from app.core.card import ModelCard, from_dict
from app.core.chain import Chain
from app.core.ports import Session as AnySession
from app.page.session import Session, now
from app.page.tensor import Tensor
from tests.support.scenario import scenario


class JsPorts:
    """Ports over onnxruntime-web."""

    def __init__(self, house: Any) -> None:
        rows = json.loads(house.manifest)["models"]
        self.cards: Mapping[str, ModelCard] = {
            row["id"]: from_dict(row) for row in rows if not row["missing"]
        }
        self._house = house
        self._session: Any = None

    def clock(self) -> float:
        return now()

    async def open(self, card: ModelCard, backend: str) -> AnySession:
        variant = card.variant(backend)
        assert variant is not None
        opened = [
            await Session.open(self._house.ort, self._house.file(graph.path), "wasm")
            for graph in variant.graphs
        ]
        self._session = opened[0]
        return opened[0] if len(opened) == 1 else Chain(opened[0], opened[1])

    def rgba(self, card: ModelCard, backend: str, index: int) -> Any:
        variant = card.variant(backend)
        assert variant is not None
        height, width = card.input.height, card.input.width
        size = height * width * 4
        js_bytes = self._house.file(f"{card.id}.rgba").slice(index * size, (index + 1) * size)
        js_array = js_bytes if variant.rgba == "uint8" else Float32Array.new(js_bytes)
        return Tensor(variant.rgba, js_array, (1, height, width, 4))

    def truth(self, card: ModelCard, index: int) -> bytes:
        size = card.mask[0] * card.mask[1]
        js_bytes = self._house.file(f"{card.id}.truth").slice(index * size, (index + 1) * size)
        found: bytes = js_bytes.to_bytes()
        return found


async def main(house: Any) -> str:
    """The scenario's numbers, as JSON."""
    return json.dumps(await scenario(JsPorts(house)))
