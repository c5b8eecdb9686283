"""Models and backends, from the camera to the pixels: the person stays, the room is replaced.

Does not judge the edge between them: tests/native does, on the Masks. Does not run every model on every
backend: test_models.py does.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.core.card import ModelCard
from app.native.session import Session
from tests.page.drive import START, Picture, Visit
from tests.support import clip
from tests.support.built import DIST, cards

# One of each way to a Mask, where it is in the build; a GPU in software takes half a minute for each.
MODELS = {
    "webgpu": ("selfie-landscape",),
    "webgl": ("selfie-landscape",),
    "wasm": ("selfie", "selfie-landscape", "blazeface", "bodypix"),
}
CASES = [(model, backend) for backend, models in MODELS.items() for model in models if model in cards()]
COLOUR = "#ff00c8"
RGB = (255, 0, 200)

# Runs the page's own session, which rests while a photo is shown, on bytes that the test gives.
RUN = """
from base64 import b64decode, b64encode
from js import Float32Array, Uint8Array
from pyodide.ffi import to_js

worker, session = page.python, page.python.engine.session
js_bytes = Uint8Array.new(to_js(b64decode(rgba)))
kind, into = worker.engine.variant.rgba, worker.state.card.input
js_rgba = js_bytes if kind == "uint8" else Float32Array.new(js_bytes)
js_memory = Float32Array.new(Uint8Array.new(to_js(b64decode(memory))).buffer)
outputs = await session.run({
    "rgba": worker.engine.runtime.wrap(kind, js_rgba, [1, into.height, into.width, 4]),
    "memory": worker.engine.runtime.wrap("float32", js_memory, [1, 1, *worker.state.card.mask]),
    "keep": session.tensor([keep], (1,)),
})
{name: b64encode(session.numbers(tensor).tobytes()).decode() for name, tensor in outputs.items()}
"""


@cache
def clip_frames() -> NDArray[np.int16]:
    return np.stack([clip.frame(index) for index in range(clip.FRAMES)]).astype(np.int16)


def far(picture: Picture, rectangle: clip.Rectangle, rgb: tuple[int, int, int]) -> int:
    """The largest difference of any channel in a rectangle from a colour."""
    return int(np.abs(rectangle.cut(picture)[..., :3].astype(int) - rgb).max())


def like_the_clip(picture: Picture, rectangle: clip.Rectangle) -> float:
    """Mean difference of a rectangle from the frame of the clip that is nearest to it."""
    here = rectangle.cut(picture)[..., :3].astype(np.int16)
    there = clip_frames()[:, rectangle.y0 : rectangle.y1, rectangle.x0 : rectangle.x1]
    return float(np.abs(there - here).mean((1, 2, 3)).min())


def kept(picture: Picture, frame: Picture) -> bool:
    """Whether the person's pixels are those of the frame. 3: 2D canvases store colours premultiplied."""
    cuts = ((r.cut(picture)[..., :3].astype(int), r.cut(frame)) for r in clip.PERSON)
    return all(np.abs(here - there).max() <= 3 for here, there in cuts)


def native(card: ModelCard) -> Session:
    variant = card.variant("wasm-ort")
    assert variant is not None
    return Session((DIST / variant.graphs[0].path).read_bytes(), dimensions=card.dimensions)


def in_the_page(visit: Visit, feeds: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The same feeds through the page's own session."""
    given = {name: b64encode(feeds[name].tobytes()).decode() for name in ("rgba", "memory")}
    outputs = visit.python(RUN, **given, keep=float(feeds["keep"][0]))
    return {name: np.frombuffer(b64decode(text), np.float32) for name, text in outputs.items()}


def same(found: dict[str, NDArray[Any]], wanted: dict[str, NDArray[Any]], width: int) -> None:
    """The bounds that the page promises, whatever the backend. `width` of the input, pixels."""
    ours, theirs = found["mask"], wanted["mask"].ravel()
    assert np.abs(ours - theirs).mean() <= 0.01
    either, both = (ours > 0.5) | (theirs > 0.5), (ours > 0.5) & (theirs > 0.5)
    assert both.sum() >= 0.99 * either.sum()
    if "faces" in wanted:
        assert np.abs(found["faces"] - wanted["faces"].ravel())[:5].max() <= 1 / width


@pytest.mark.parametrize(("model", "backend"), CASES)
def test_the_person_stays_and_the_room_goes(visit: Visit, tmp_path: Path, model: str, backend: str) -> None:
    card = cards()[model]
    variant = card.variant(backend, ("relaxed-simd",))  # which Chromium has
    assert variant is not None
    settings: dict[str, Any] = {"background": "colour", "colour": COLOUR, "mirror": 0}
    visit.go(source="camera", model=model, backend=backend, **settings)
    visit.until(lambda: visit.page.locator("#ask").is_visible(), "the question before the camera")
    if visit.control("Backend").locator(f"option[value={backend}]").is_disabled():
        pytest.skip(f"this Chromium has no {backend}")
    visit.begun()
    visit.patient()
    visit.camera_on()

    stats = visit.stats()
    assert (stats["backend"], stats["model"], stats["variant"]) == (backend, model, variant.id)
    cores = visit.page.evaluate("navigator.hardwareConcurrency")
    assert stats["threads"] == (1 if backend == "webgl" else max(1, min(4, cores // 2)))
    assert stats["picture"] == [clip.WIDTH, clip.HEIGHT]

    moving = visit.picture()
    for rectangle in clip.ROOM:
        assert far(moving, rectangle, RGB) <= 2
    for rectangle in clip.PERSON:  # measured 2 to 5: 4:2:0 colours, two frames of the clip mixed
        assert like_the_clip(moving, rectangle) <= 8

    frame = clip.frame(20)
    photo = tmp_path / "frame.png"
    Image.fromarray(frame).save(photo)
    visit.choose(photo)
    visit.until(lambda: visit.page.locator("#ask").is_hidden(), "the photo")
    visit.until(lambda: kept(visit.picture(), frame), "the photo's person, pixel for pixel", START)
    is_photo = visit.picture()
    for rectangle in clip.ROOM:
        assert far(is_photo, rectangle, RGB) <= 2

    height, width = card.input.height, card.input.width
    session = native(card)
    for picture in (clip.frame(0), clip.frame(20)):
        small = np.asarray(Image.fromarray(picture).resize((width, height)).convert("RGBA"))[None]
        memory = np.random.default_rng(0).random((1, 1, *card.mask), np.float32)
        feeds = {"rgba": small, "memory": memory, "keep": np.array([0.5], np.float32)}
        same(in_the_page(visit, feeds), session.run_now(feeds), width)
