"""Candidates of a card beside each other in the page: opened on a backend, run, their outputs brought back.

Judges nothing.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from app.core.backend import BACKENDS
from bench._browser import hold, inside, opened
from bench._candidates import Made
from bench._truth import Paged
from models.spec.cards import Card
from models.variants import choice
from models.verify import parity

Array = NDArray[Any]
TYPES = {"float32": np.float32, "int64": np.int64, "int32": np.int32}


def gpus(chromium: Browser, url: str) -> dict[str, dict[str, Any]]:
    """What the page's Probe says of this browser's GPUs, as bench/inside/gpus.py gives it."""
    with opened(chromium, url, backend="wasm", background="none") as page:
        hold(page)
        found: dict[str, dict[str, Any]] = inside(page, "gpus")
        return found


def masks(chromium: Browser, url: str, card: Card, backend: str, made: Made) -> Paged:
    """Runs what ships on a backend on a file of people."""

    def run(name: str, count: int) -> list[Array]:
        answers = beside(chromium, url, card, backend, [made], name, count, 0.0)
        return [array(outputs["mask"]) for outputs in answers[made.wanted.id]["outputs"]]

    return run


def beside(
    chromium: Browser,
    url: str,
    card: Card,
    backend: str,
    made: Sequence[Made],
    pictures: str,
    collect: int,
    budget: float,
) -> dict[str, dict[str, Any]]:
    """What bench/inside/variants.py gives, and why not for what this browser cannot run at all."""
    settings = {"backend": backend, "background": "none", "threads": 1, "model": "selfie-landscape"}
    at = f"candidates/{card.id}"
    found: dict[str, dict[str, Any]] = {}
    with opened(chromium, url, **settings) as page:
        hold(page)
        running = page.evaluate("vitrine.stats()")["backend"]
        adapter = "navigator.gpu?.requestAdapter().then((found) => [...(found?.features ?? [])]) ?? []"
        features = page.evaluate(adapter)
        able = []
        for each in made:
            need = choice.NEEDS.get(each.wanted.weights, "")
            if running != backend:
                found[each.wanted.id] = {"said": f"this browser has no {backend}", "loads": None}
            elif need and need not in features:
                found[each.wanted.id] = {"said": f"this browser's adapter has no {need}", "loads": None}
            else:
                able.append(each)
        given = {
            each.wanted.id: {
                "paths": [f"{at}/{each.wanted.id}.{n}.onnx" for n in range(len(each.stored))],
                "rgba": each.rgba,
            }
            for each in able
        }
        try:
            answers: dict[str, dict[str, Any]] = inside(
                page,
                "variants",
                provider=BACKENDS[backend].provider,
                candidates=given,
                pictures=f"{at}/{pictures}",
                shape=[1, card.input.height, card.input.width, 4],
                mask=list(card.mask),
                collect=collect,
                budget=budget,
                dimensions=parity.dimensions(card),
            )
            return found | answers
        except BrowserError as error:
            said = str(error).strip().split("\n")[0][:200]
            return found | {each.wanted.id: {"said": said, "loads": False} for each in able}


def array(tensor: Mapping[str, Any]) -> Array:
    """What the page gave of a Tensor."""
    found = np.frombuffer(b64decode(tensor["data"]), TYPES[tensor["type"]])
    return found.reshape(tensor["dims"]) if prod(tensor["dims"]) == found.size else found
