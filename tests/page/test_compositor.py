"""The page's shaders against the NumPy compositor: the same frame, Mask and Look give the same picture.

Does not judge the picture: tests/native does.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.frame import Frame
from app.look import Look
from app.native.compositor import Compositor
from app.native.session import Session
from tests import clip
from tests.built import DIST, cards
from tests.page.drive import Visit

INSIDE = Path(__file__).with_name("compositor_inside.py").read_text("utf-8") + "\nawait inside(page, given)\n"
LOOKS: tuple[dict[str, Any], ...] = (
    {"background": "none"},
    {"background": "none", "mirror": True},
    {"background": "colour", "colour": "#2f6f5e"},
    {"background": "blur"},
    {"background": "blur", "blur": 10, "softness": 100},
    {"background": "image", "mirror": True, "softness": 0},
    {"background": "transparent"},
)


def png(pixels: NDArray[np.uint8]) -> str:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return b64encode(out.getvalue()).decode()


@pytest.mark.parametrize("model", ["selfie-landscape", "blazeface"])
def test_the_shaders_draw_what_numpy_does(visit: Visit, model: str) -> None:
    card = cards()[model]
    native = Compositor(card)
    frame = Frame(clip.frame(10), clip.WIDTH, clip.HEIGHT)
    backdrop = np.asarray(clip.room().transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((1600, 900)))
    native.backdrop(backdrop)
    rgba = native.sample(frame, card.input)
    variant = card.variant("wasm")
    assert variant is not None
    memory, keep = np.zeros((1, 1, *card.mask), np.float32), np.zeros(1, np.float32)
    session = Session((DIST / variant.graphs[0].path).read_bytes())
    mask = session.run_now({"rgba": rgba, "memory": memory, "keep": keep})["mask"]

    visit.open(model=model, backend="webgl", background="none")  # with it the picture is drawn by shaders
    given = {
        "mask": b64encode(mask.tobytes()).decode(),
        "frame": png(clip.frame(10)),
        "backdrop": png(backdrop),
        "looks": LOOKS,
    }
    sampled, *drawn = visit.python(INSIDE, given=given)
    theirs = np.frombuffer(b64decode(sampled), np.uint8).reshape(rgba.shape)
    assert np.abs(theirs.astype(int) - rgba).max() <= 2
    for look, text in zip(LOOKS, drawn, strict=True):
        shown = Image.open(BytesIO(b64decode(text))).convert("RGBA")
        with ThreadPoolExecutor(1) as thread:  # in this one Playwright's event loop runs
            thread.submit(asyncio.run, native.compose(frame, mask, Look(**look))).result()
        ours = native.picture.astype(float)
        pixels = np.asarray(shown).astype(float)
        pixels[..., :3] *= pixels[..., 3:] / 255  # a PNG's colours are not multiplied by alpha
        difference = np.abs(pixels - ours)
        # Measured 0.04 and 1.2; single pixels where the mask is cut hard differ by up to 6.
        assert difference.mean() < 0.1, look
        assert np.percentile(difference, 99.9) <= 3, look
