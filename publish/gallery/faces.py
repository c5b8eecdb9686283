"""Finds, cuts out and embeds the face of a photograph, as the page does with the visitor's own pictures.

Does not choose the square and does not cut: the look-alike task's `embed` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.core.card import ModelCard
from app.core.frame import Frame
from app.core.geometry import RotatedRect, center_square
from app.core.meter import Meter
from app.core.model import Model, Outputs
from app.core.ports import Tensor
from app.native.compositor import Compositor
from app.native.session import Session
from app.tasks.lookalike.task import Lookalike
from models.dependencies import digest

SIDE = 640  # pixels of the longer side of the picture that is searched, as a camera's has

Features = NDArray[np.float32]


class Once(Model):
    """A Model that runs once for a region of a frame, however many tasks ask: each classifier has a task."""

    _frame: Frame | None = None

    async def infer(
        self, frame: Frame, roi: RotatedRect | None = None, feeds: dict[str, Tensor] | None = None
    ) -> Outputs:
        """See Model; returns the previous outputs for a region of the last frame."""
        if frame is not self._frame:
            self._frame = frame
            self._found: dict[RotatedRect | None, Outputs] = {}
        if roi not in self._found:
            self._found[roi] = await super().infer(frame, roi, feeds)
        return self._found[roi]


class Faces:
    """A detector and a segmenter of this build, and the classifiers that embed what these cut out.

    `out` is dist/. Raises LookupError if the build has no detector, or no segmenter that cuts out.
    """

    def __init__(self, models: Sequence[ModelCard], classifiers: Sequence[ModelCard], out: Path) -> None:
        segmenter, detector = choose_models(models)
        cutout = segmenter.cutout("wasm-ort")
        assert cutout
        compositor, meter = Compositor(segmenter), Meter(lambda: perf_counter() * 1000)

        def model(card: ModelCard) -> Model:
            variant = card.variant("wasm-ort") or card.variants[0]
            session = Session((out / variant.graphs[0].path).read_bytes(), dimensions=card.dimensions)
            return Once(card, session, compositor, meter, variant.rgba)

        detector_model, segmenter_model = model(detector), model(segmenter)
        segmenter_model.cutout = Session((out / cutout.graphs[0].path).read_bytes())
        self._tasks = [
            Lookalike(segmenter_model, {"detector": detector_model, "classifier": model(classifier)})
            for classifier in classifiers
        ]
        self._lock = Lock()  # runs of a Model must not overlap

    def embed(self, image: Image.Image) -> tuple[Image.Image, list[Features]] | None:
        """The square around the most certain face of an RGBA picture, and its features [m], of length 1, by
        each classifier; None if no face is found.
        """
        small = image.convert("RGB")
        small.thumbnail((SIDE, SIDE), reducing_gap=2)
        frame = Frame(np.asarray(small), small.width, small.height, is_photo=True, first_of_source=True)
        found = []
        with self._lock:
            for task in self._tasks:
                vector, roi = asyncio.run(task.embed(frame))
                if roi == center_square(frame):
                    return None
                row = np.asarray(vector, np.float32).reshape(-1)
                found.append(row / max(float(np.linalg.norm(row)), 1e-12))
        return _around(image, roi, image.width / small.width), found


def choose_models(models: Sequence[ModelCard]) -> tuple[ModelCard, ModelCard]:
    """The segmenter and the detector that the task prefers most. Raises LookupError if one is missing."""
    order = {id: n for n, id in enumerate(Lookalike.preferred)}
    able = sorted(models, key=lambda card: order.get(card.id, len(order)))
    able = [card for card in able if (variant := card.variant("wasm-ort")) and len(variant.graphs) == 1]
    segmenters = [card for card in able if card.kind == "segmenter" and card.cutout("wasm-ort")]
    detectors = [card for card in able if card.kind == "detector"]
    if not (segmenters and detectors):
        raise LookupError("this build has no segmenter that cuts out, or no detector")
    return segmenters[0], detectors[0]


def key(models: Sequence[ModelCard]) -> str:
    """A hash of what faces depend on; "" if this build cannot find faces."""
    try:
        cards = choose_models(models)
    except LookupError:
        return ""
    total = sha256(repr([(c.id, c.variant("wasm-ort"), c.cutout("wasm-ort")) for c in cards]).encode())
    total.update(digest("publish.gallery.faces").encode())
    return total.hexdigest()


def _around(image: Image.Image, roi: RotatedRect, scale: float) -> Image.Image:
    """The region as an upright square inside the picture, which is `scale` times the frame."""
    side = min(round(roi.width * scale), image.width, image.height)
    x = min(max(round(roi.x * scale - side / 2), 0), image.width - side)
    y = min(max(round(roi.y * scale - side / 2), 0), image.height - side)
    return image.crop((x, y, x + side, y + side))
