"""What reusing a Mask loses: person IoU and flicker on clips of people, against inferring every frame.

Measures no time and runs natively. The clips are those in the folder that VITRINE_CLIPS names (.mjpeg, .y4m),
and the tests' own, whose person sways all the time. Each level of app.core.economy runs over each clip with
the page's task. The IoU is that of the person's pixels with those of the run that infers every frame; flicker
is the mean change of the Mask from a frame to the next. Argument: a model, default selfie-landscape. With
--write the table goes to docs/figures.md.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.card import ModelCard
from app.core.economy import LEVELS
from app.core.frame import Frame
from app.core.meter import Meter
from app.core.model import Model
from app.core.settings import Settings
from app.native.compositor import Compositor
from app.native.session import Session
from app.tasks.background import Background
from bench._characters import clips
from bench._command import progress, run
from bench._report import Report, markdown, print_table
from models.verify.metrics import person_iou
from publish import DIST
from tests.support import built, clip

Array = NDArray[Any]
OWN_CLIP = "tests' clip, swaying"


def main() -> None:
    """Print the table."""
    report = Report("gate", sys.argv[1:])
    card = built.cards()[report.arguments[0] if report.arguments else Settings.model]
    films = dict(clips(progress))
    films[OWN_CLIP] = [clip.frame(index) for index in range(2 * clip.FRAMES)]
    rows: list[list[object]] = []
    for name, frames in films.items():
        always, _ = masks(card, frames, None)
        for level in range(len(LEVELS)):
            found, reused = masks(card, frames, level)
            iou = person_iou(found, [mask > 0.5 for mask in always])
            cells = [name, len(frames), level, f"{reused:.0%}", f"{1 - iou:.4f}"]
            rows.append([*cells, f"{flicker(found):.2f}", f"{flicker(always):.2f}"])
            progress(*rows[-1])
    head = ["Clip", "Frames", "Level", "Masks used again", "IoU lost"]
    head += ["Flicker, levels of 255", "Flicker of every frame inferred"]
    print_table(head, rows)
    report.write(f"{card.title}, natively.", markdown(head, rows))


def masks(card: ModelCard, frames: list[Array], level: int | None) -> tuple[list[Array], float]:
    """The Masks [h,w] of a clip at a level, None: each frame inferred; and the share that was reused."""
    variant = card.variant("wasm")
    assert variant is not None
    session = Session((DIST / variant.graphs[0].path).read_bytes())
    compositor = Compositor(card)
    model = Model(card, session, compositor, Meter(lambda: 0.0))
    task = Background(model, {})
    model.economy.quality.level = level or 0
    settings = replace(Settings(), economy=level is not None)
    found, used_again = [], 0
    for index, picture in enumerate(frames):
        height, width = picture.shape[:2]
        frame = Frame(picture, width, height, index * 33.3, first_of_source=index == 0)
        before = model.economy._age
        mask = asyncio.run(task.step(frame, settings)).mask
        used_again += model.economy._age > before
        assert mask is not None
        found.append(np.array(mask.tensor)[0, 0])
    return found, used_again / len(frames)


def flicker(found: list[Array]) -> float:
    """The mean change of the Mask from a frame to the next, in levels of 255."""
    return float(255 * np.mean([np.abs(b - a).mean() for a, b in pairwise(found)]))


if __name__ == "__main__":
    run(main)
