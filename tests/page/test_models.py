"""Every model on every backend of the real browser, each variant shipped, against native onnxruntime.

On photographs, in the page's own Python; how far they may be apart is the card's own gate of loss. Does not
measure time: bench/variants.py does.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.backend import BACKENDS
from app.core.card import ModelCard, Variant, to_dict
from app.core.chain import Chain
from app.native.session import Session
from models.spec.card import Card
from models.spec.cards import read_all
from models.variants import choice
from models.verify import calibration, metrics
from models.verify.parity import resized
from tests.page.drive import Visit
from tests.support.built import DIST, cards

Array = NDArray[Any]
INSIDE = Path(__file__).with_name("models_inside.py").read_text("utf-8")
PHOTOS = {"wasm": 4, "wasm-ort": 2, "webgl": 1, "webgpu": 1}  # a GPU in software takes a second for each
KNOWN = {card.id: card for card in read_all()}
NEEDS = ("", "shader-f16", "relaxed-simd")


def shipped(backend: str, needs: str) -> Iterator[tuple[ModelCard, Variant]]:
    """What this build has for a backend. A model of several sizes is run at the smallest, which a GPU in
    software does in a second where the largest takes ten; on WASM at its usual size as well.
    """
    for known in cards().values():
        everywhere = backend in ("wasm", "wasm-ort")
        usual = [known] if everywhere or not known.sizes else []
        for card in (*usual, *(known.sized(size.id) for size in known.sizes[:1])):
            for variant in (*card.compiled, *card.variants):
                if backend in variant.backends and variant.needs == needs:
                    yield card, variant


def pictures(card: ModelCard, most: int) -> list[Array]:
    """Photographs fitted to the input, uint8 [1,H,W,4]."""
    known: Card = resized(KNOWN[card.id], card.input.height, card.input.width)
    return list(calibration.evaluation_pictures(known)[:most])


def native(card: ModelCard, variant: Variant, rgba: list[Array]) -> list[dict[str, Array]]:
    """The stored graphs by onnxruntime; of two, Python chooses the faces between them, as in the page.

    For compiled graphs these are the ones that they were compiled of.
    """
    if variant.graphs[0].weights:
        ort = card.variant("wasm-ort")
        assert ort is not None
        variant = ort
    opened = [
        Session((DIST / graph.path).read_bytes(), dimensions=card.dimensions) for graph in variant.graphs
    ]
    session: Session | Chain = opened[0] if len(opened) == 1 else Chain(opened[0], opened[1])
    blank = {"memory": np.zeros((1, 1, *card.mask), np.float32), "keep": np.zeros(1, np.float32)}
    masked = blank if card.kind in ("segmenter", "detector") else {}
    feeds = [{"rgba": picture.astype(variant.rgba), **masked} for picture in rgba]
    with ThreadPoolExecutor(1) as thread:  # in this one Playwright's event loop runs
        return [thread.submit(asyncio.run, session.run(each)).result() for each in feeds]


def in_the_page(
    visit: Visit, card: ModelCard, variant: Variant, rgba: list[Array], like: list[dict[str, Array]]
) -> list[dict[str, Array]]:
    """The same by the page; its outputs come flat and are given the shapes of `like`."""
    size = card.size.id if card.size else ""
    given = {
        "card": to_dict(card),
        "size": size,
        "variant": variant.id,
        "pictures": [b64encode(np.ascontiguousarray(picture).tobytes()).decode() for picture in rgba],
    }
    found = json.loads(visit.python("await inside(page, runtime, given)", given=given))
    return [
        {
            name: np.frombuffer(b64decode(text), np.float32).reshape(wanted[name].shape)
            for name, text in one.items()
        }
        for one, wanted in zip(found, like, strict=True)
    ]


@pytest.mark.parametrize("needs", NEEDS)
@pytest.mark.parametrize("backend", list(BACKENDS)[::-1])
def test_a_backend_computes_what_native_does(visit: Visit, backend: str, needs: str) -> None:
    rows = list(shipped(backend, needs))
    if not rows and needs:
        pytest.skip(f"this build ships nothing for {backend} that needs {needs}")
    assert rows, f"this build ships nothing for {backend}"
    visit.open(background="none", backend="wasm")  # "none": nothing is inferred meanwhile
    option = visit.control("Backend").locator(f"option[value={backend}]")
    if option.is_disabled():
        pytest.skip(f"this Chromium has no {backend}")
    if needs and needs not in visit.python("list(page.python.unwrap().state.caps.probe.features)"):
        pytest.skip(f"this Chromium's {backend} has no {needs}")
    # A hidden page draws nothing: with a GPU in software that takes a third of the time from the models.
    visit.page.evaluate("spy.hide(true)")
    visit.auxiliary(backend)
    visit.python(INSIDE)
    apart = {}
    for card, variant in rows:
        rgba = pictures(card, PHOTOS[backend])
        wanted = native(card, variant, rgba)
        found = in_the_page(visit, card, variant, rgba, wanted)
        name = f"{card.id} {variant.id} {card.input.width}x{card.input.height}"
        losses = metrics.loss(card.kind, card.input, wanted, found)
        gates = {**KNOWN[card.id].loss}
        for role in {"mask", "presence"} & set(wanted[0]):
            far = [np.abs(a[role] - b[role]).mean() for a, b in zip(wanted, found, strict=True)]
            losses[f"mean {role}"], gates[f"mean {role}"] = float(np.mean(far)), 0.01
        if missed := choice.missed_gates(gates, losses):
            apart[name] = missed
    assert not apart
