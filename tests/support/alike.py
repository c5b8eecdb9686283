"""Runs the look-alike task natively with the models of this build, and has photographs for it.

Does not judge: tests compare the page with it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage import data

from app.core.events import Answers
from app.core.frame import Frame
from app.core.gallery import OWN
from app.core.settings import Settings
from app.native.engine import Engine, capabilities, load
from app.panel.apply import first
from app.panel.capabilities import Capabilities
from app.worker.protocol import encode
from tests.support.built import DIST, manifest

Picture = NDArray[np.uint8]


@cache
def caps() -> Capabilities:
    """The capabilities of this build. Raises RuntimeError, which says what to do, if dist/ is not built."""
    manifest()
    return capabilities(DIST)


def missing() -> str:
    """Why the task is not in this build; "" if it is."""
    return "" if caps().preferred_model("lookalike") else "the look-alike task is not in this build"


def has_own() -> bool:
    """Whether this build can compare with the visitor's own pictures."""
    return caps().gallery(OWN) is not None


def photo() -> Picture:
    """The upper part of the public-domain portrait of scikit-image's data: one face, uint8 [300,420,3]."""
    astronaut: Picture = data.astronaut()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(astronaut[:300, 30:450])


def pair() -> Picture:
    """Two faces side by side, the second mirrored and in other colours; uint8 [300,600,3]."""
    face = Image.fromarray(photo()).crop((10, 0, 310, 300))
    other = ImageOps.mirror(face).convert("L")
    both = Image.new("RGB", (600, 300))
    both.paste(face, (0, 0))
    both.paste(ImageOps.colorize(other, "#201030", "#ffe0c0"), (300, 0))
    return np.asarray(both)


@cache
def _engine(backend: str, model: str) -> Engine:
    settings = first(caps(), "lookalike")
    return load(DIST, caps(), replace(settings, model=model or settings.model), backend)


def native(picture: Picture, backend: str = "wasm-ort", model: str = "") -> dict[str, Any]:
    """The message "answers" for a photo, from the graphs of a backend in native onnxruntime."""
    engine = _engine(backend, model)
    height, width = picture.shape[:2]
    frame = Frame(picture, width, height, is_photo=True, first_of_source=True)
    settings = Settings(task="lookalike", background="none")
    with ThreadPoolExecutor(1) as thread:  # Playwright's event loop may run in this thread
        result = thread.submit(asyncio.run, engine.task.step(frame, settings)).result()
    answers = next(event for event in result.events if isinstance(event, Answers))
    return encode(answers)
