"""Every stored graph on every backend of the real browser against native onnxruntime, on photos and noise.

Does not start the page's Python: tests of the page itself do.
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from app.backend import BACKENDS
from app.card import ModelCard
from app.faces import select
from app.native.session import Session
from models.verify import pictures
from publish import DIST
from tests.built import cards, manifest

Array = NDArray[Any]
Feeds = dict[str, Array]
HALF = np.array([0.5], np.float32)
SCRIPT = Path(__file__).with_name("run_graph.js").read_text("utf-8")


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    found = browser.new_page()
    found.set_default_timeout(120_000)  # WebGPU in software takes seconds for its first frame
    found.goto(f"{server}models.html")
    yield found
    found.close()


def in_browser(page: Page, backend: str, path: str, runs: list[Feeds]) -> list[Feeds]:
    row = BACKENDS[backend]
    packed = [{name: pack(values) for name, values in feeds.items()} for feeds in runs]
    results = page.evaluate(SCRIPT, [manifest()["ort"][row.bundle], row.provider, path, packed])
    return [{name: np.array(values, np.float32) for name, values in outputs.items()} for outputs in results]


def pack(values: Array) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
    return {"type": str(values.dtype), "dims": list(values.shape), "base64": data}


def run(card: ModelCard, page: Page, backend: str, runs: list[Feeds]) -> list[Feeds]:
    """rgba, memory, keep to mask (and faces), by the one or two graphs the backend has."""
    variant = card.variant(backend)
    assert variant is not None
    runs = [{**feeds, "rgba": feeds["rgba"].astype(variant.rgba)} for feeds in runs]
    if len(variant.graphs) == 1:
        return in_browser(page, backend, variant.graphs[0].path, runs)
    found = in_browser(page, backend, variant.graphs[0].path, [{"rgba": feeds["rgba"]} for feeds in runs])
    chosen = [select(array("f", one["candidates"].tobytes())) for one in found]
    faces = [np.array(rows, np.float32).reshape(5, 17) for rows in chosen]
    second = [
        {"faces": rows, "memory": feeds["memory"], "keep": feeds["keep"]}
        for rows, feeds in zip(faces, runs, strict=True)
    ]
    drawn = in_browser(page, backend, variant.graphs[1].path, second)
    return [{"faces": rows, **one} for rows, one in zip(faces, drawn, strict=True)]


@pytest.mark.parametrize("backend", list(BACKENDS))
@pytest.mark.parametrize("model", ["blazeface", "selfie", "selfie-landscape"])
def test_a_backend_computes_what_native_does(page: Page, model: str, backend: str) -> None:
    card = cards()[model]
    variant = card.variant("wasm")
    assert variant is not None
    native = Session((DIST / variant.graphs[0].path).read_bytes())
    memory = np.random.default_rng(0).random((1, 1, *card.mask), np.float32)
    runs = [
        {"rgba": pictures(card.input.height, card.input.width, kind)[0], "memory": memory, "keep": HALF}
        for kind in ("photo", "noise")
    ]
    for feeds, found in zip(runs, run(card, page, backend, runs), strict=True):
        wanted = native.run_now(feeds)
        ours, theirs = found["mask"].ravel(), wanted["mask"].ravel()
        assert np.abs(ours - theirs).mean() <= 0.01
        union = ((ours > 0.5) | (theirs > 0.5)).sum()
        assert ((ours > 0.5) & (theirs > 0.5)).sum() >= 0.99 * union
        if card.kind == "detector":  # within a pixel of the input
            assert np.abs(found["faces"].ravel() - wanted["faces"].ravel()).max() <= 1 / card.input.width
