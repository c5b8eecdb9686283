"""The scenario's ports under CPython, and its frames as files for the ports that JavaScript brings.

Does not know Pyodide: tests/support/jsports.py does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.card import Input, ModelCard
from app.core.chain import Chain
from app.core.frame import Frame
from app.core.ports import Session as AnySession
from app.native.compositor import Compositor
from app.native.session import Session
from tests.support import built, clip
from tests.support.scenario import PLAN, STEP


@cache
def footage(model: str) -> NDArray[np.uint8]:
    """The plan's frames at the model's input size, RGBA, [frames,H,W,4]."""
    card = built.cards()[model]
    compositor = Compositor(card)
    return np.concatenate([compositor.sample(_frame(clip.frame(i)), card.input).tensor for i in _indices()])


@cache
def truths(model: str) -> NDArray[np.uint8]:
    """Where the person is in each of them, 0 or 1, [frames,h,w] of the Mask."""
    card = built.cards()[model]
    compositor, into = Compositor(card), Input(*card.mask, card.input.fit)
    whole = [np.repeat(clip.person(i)[..., None] * np.uint8(255), 3, 2) for i in _indices()]
    sampled = [compositor.sample(_frame(picture), into).tensor for picture in whole]
    return np.stack([pixels[0, ..., 0] > 127 for pixels in sampled]).astype(np.uint8)


def write(folder: Path, models: set[str]) -> None:
    """`footage` and `truths` as MODEL.rgba and MODEL.truth."""
    for model in models:
        (folder / f"{model}.rgba").write_bytes(footage(model).tobytes())
        (folder / f"{model}.truth").write_bytes(truths(model).tobytes())


class NativePorts:
    """Ports over onnxruntime and NumPy."""

    def __init__(self) -> None:
        self.cards: Mapping[str, ModelCard] = built.cards()

    def clock(self) -> float:
        return perf_counter() * 1000

    async def open(self, card: ModelCard, backend: str) -> AnySession:
        variant = card.variant(backend)
        assert variant is not None
        opened = [Session((built.DIST / graph.path).read_bytes()) for graph in variant.graphs]
        return opened[0] if len(opened) == 1 else Chain(opened[0], opened[1])

    def rgba(self, card: ModelCard, backend: str, index: int) -> Any:
        variant = card.variant(backend)
        assert variant is not None
        return footage(card.id)[index : index + 1].astype(variant.rgba)

    def truth(self, card: ModelCard, index: int) -> bytes:
        return bytes(truths(card.id)[index])


def _frame(picture: NDArray[np.uint8]) -> Frame:
    return Frame(picture, clip.WIDTH, clip.HEIGHT)


def _indices() -> range:
    return range(0, len(PLAN) * STEP, STEP)
