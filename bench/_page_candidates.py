"""Runs the candidates of a card in the page on one backend, and returns their times and outputs.

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
from bench._browser import open_page, pause, run_inside
from bench._candidates import StoredCandidate
from bench._person_iou import PageRunner
from models.spec.card import Card
from models.variants import choice
from models.verify import parity

Array = NDArray[Any]
TYPES = {"float32": np.float32, "int64": np.int64, "int32": np.int32}
# Resolves to the features of the browser's WebGPU adapter.
FEATURES = "navigator.gpu?.requestAdapter().then((adapter) => [...(adapter?.features ?? [])]) ?? []"


def gpus(chromium: Browser, url: str) -> dict[str, dict[str, Any]]:
    """The GPUs that the page's Probe finds in this browser, as bench/inside/gpus.py returns them."""
    with open_page(chromium, url, backend="wasm-ort", background="none") as page:
        pause(page)
        rows: dict[str, dict[str, Any]] = run_inside(page, "gpus")
        return rows


def mask_runner(
    chromium: Browser, url: str, card: Card, backend: str, candidate: StoredCandidate
) -> PageRunner:
    """A function that runs a candidate on a backend and returns the Masks of a file of pictures."""

    def run(name: str, count: int) -> list[Array]:
        answers = run_candidates(chromium, url, card, backend, [candidate], name, count, 0.0)
        return [to_array(outputs["mask"]) for outputs in answers[candidate.spec.id]["outputs"]]

    return run


def run_candidates(
    chromium: Browser,
    url: str,
    card: Card,
    backend: str,
    candidates: Sequence[StoredCandidate],
    pictures: str,
    collect: int,
    budget: float,
) -> dict[str, dict[str, Any]]:
    """The result of bench/inside/variants.py by candidate, or `said`: why this browser cannot run it.

    `pictures` is a file in candidates/ID of the server; `collect` and `budget` are as there.
    """
    settings = {"backend": backend, "background": "none", "threads": 1, "model": "selfie-landscape"}
    folder = f"candidates/{card.id}"
    rows: dict[str, dict[str, Any]] = {}
    with open_page(chromium, url, **settings) as page:
        pause(page)
        running = page.evaluate("vitrine.stats()")["backend"]
        features = page.evaluate(FEATURES)
        runnable = []
        for candidate in candidates:
            need = choice.NEEDS.get(candidate.spec.weights, "")
            if running != backend:
                rows[candidate.spec.id] = {"said": f"this browser has no {backend}", "loads": None}
            elif need and need not in features:
                rows[candidate.spec.id] = {"said": f"this browser's adapter has no {need}", "loads": None}
            else:
                runnable.append(candidate)
        graphs = {
            candidate.spec.id: {
                "paths": [f"{folder}/{candidate.spec.id}.{n}.onnx" for n in range(len(candidate.stored))],
                "rgba": candidate.rgba,
            }
            for candidate in runnable
        }
        try:
            answers: dict[str, dict[str, Any]] = run_inside(
                page,
                "variants",
                provider=BACKENDS[backend].provider,
                candidates=graphs,
                pictures=f"{folder}/{pictures}",
                shape=[1, card.input.height, card.input.width, 4],
                mask=list(card.mask),
                collect=collect,
                budget=budget,
                dimensions=parity.dimensions(card),
            )
            return rows | answers
        except BrowserError as error:
            reason = str(error).strip().split("\n")[0][:200]
            return rows | {candidate.spec.id: {"said": reason, "loads": False} for candidate in runnable}


def to_array(tensor: Mapping[str, Any]) -> Array:
    """A Tensor of the page as a NumPy array."""
    numbers = np.frombuffer(b64decode(tensor["data"]), TYPES[tensor["type"]])
    return numbers.reshape(tensor["dims"]) if prod(tensor["dims"]) == numbers.size else numbers
