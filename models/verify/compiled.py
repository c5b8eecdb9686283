"""Compares a compiled graph, run in wasmtime, with the stored graph it was made of, run in onnxruntime.

Does not compile and does not write files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from app.core.card import MASKED
from app.native import compiled
from app.native.session import Session
from models.artifacts import serialize
from models.spec.card import Card
from models.verify import calibration, metrics, parity

Array = NDArray[Any]
PICTURES = 6  # photographs that a module is run on, every third of the evaluation's
FEW = 2  # the same at a size that is not the card's own: all sizes have the same kernels
FEW = 2  # the same for a model's other sizes, which differ in their loops only
KEEP = 0.6  # how much the last picture is smoothed with a memory

# By output: the largest difference allowed, and what it is. onnxruntime itself, optimised or not, differs by
# a half of the first; "far" is in pixels of the input.
POINTS = {"faces": "far", "pose": "far", "points": "far"}
GATES = {"probability": 5e-4, "far": 1.0, "cosine": 1e-3, "range": 1e-3}


def differences(
    card: Card, stored: onnx.ModelProto, module: bytes, weights: bytes, rgba: str, pictures: int = PICTURES
) -> dict[str, float]:
    """The largest difference of each output on photographs and noise, in the unit of `gate`; inf where the
    module gives numbers that are not finite.
    """
    native = Session(serialize(stored), threads=1, dimensions=parity.dimensions(card))
    ours = compiled.Session(module, weights)
    worst: dict[str, float] = {}
    for feeds in _feeds(card, rgba, pictures):
        wanted = native.run_now({name: feeds[name] for name in native.inputs})
        found = ours.run_now({name: feeds[name] for name in ours.inputs})
        for name, value in _compared(card, wanted, found):
            worst[name] = max(worst.get(name, 0.0), value)
    return worst


def gate(output: str) -> tuple[str, float]:
    """What the difference of an output is, and how large it may be."""
    unit = "probability" if output in parity.PROBABILITIES else POINTS.get(output, "range")
    unit = "cosine" if output == "features" else unit
    return unit, GATES[unit]


def missed(found: Mapping[str, float]) -> list[str]:
    """A part of a sentence for each difference above its gate."""
    return [
        f"its {name} differs from onnxruntime's by {value:.2g}; the gate is {gate(name)[1]:.2g}"
        for name, value in found.items()
        if not value <= gate(name)[1]
    ]


def worst_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The largest difference of each output in several comparisons."""
    return {name: max(row[name] for row in rows) for name in rows[0]}


def _feeds(card: Card, rgba: str, count: int) -> Iterator[dict[str, Array]]:
    """Photographs and noise, the last one smoothed."""
    height, width = card.input.height, card.input.width
    pictures = [
        *islice(calibration.evaluation_pictures(card), 0, 3 * count, 3),
        parity.pictures(height, width, "noise")[0],
        parity.pictures(height, width, "photo")[0],
    ]
    memory = np.random.default_rng(2).random((1, 1, *card.mask), np.float32)
    for n, picture in enumerate(pictures):
        keep = np.full(1, KEEP if n == len(pictures) - 1 else 0, np.float32)
        masked = {"memory": memory, "keep": keep} if card.kind in MASKED else {}
        yield {"rgba": picture.astype(rgba), **masked}


def _compared(
    card: Card, wanted: Mapping[str, Array], found: Mapping[str, Array]
) -> Iterator[tuple[str, float]]:
    for name, exact in wanted.items():
        value = found[name]
        if not np.isfinite(value).all():
            yield name, float("inf")
            continue
        a, b = exact.astype(np.float64), value.astype(np.float64)
        unit, _ = gate(name)
        if unit == "far":
            yield name, max(metrics.distances(card.kind, card.input, wanted, found), default=0.0)
        elif unit == "cosine":
            yield name, 1 - float(a.ravel() @ b.ravel() / (np.linalg.norm(a) * np.linalg.norm(b) or 1.0))
        else:
            scope = 1.0 if unit == "probability" else float(np.ptp(a)) or 1.0
            yield name, float(np.abs(a - b).max()) / scope
