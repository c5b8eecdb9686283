"""The look-alike task over the build's own graphs, natively: a portrait, two faces, a character itself.

Does not open the page: tests/page/test_lookalike.py does.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.core.frame import Frame
from app.core.gallery import Gallery, Match
from app.core.geometry import RotatedRect
from app.core.settings import Settings
from app.native import engine
from app.native.engine import Engine
from app.panel.apply import first
from app.panel.capabilities import Capabilities
from app.tasks.lookalike.comparison import Comparison
from app.tasks.lookalike.task import NO_FACE_PHOTO, Lookalike
from tests.support import clip
from tests.support.built import DIST

# The forms of the graphs; WebGPU's are WASM's.
BACKENDS = ("wasm-ort", "webgl")


@cache
def caps() -> Capabilities:
    return engine.capabilities(DIST)


@pytest.fixture(autouse=True)
def in_this_build() -> None:
    if not any(caps().supports(card, "lookalike", "auto") for card in caps().cards):
        pytest.skip("the look-alike task is not in this build: its models or galleries were not to be had")


@cache
def loaded(backend: str = "wasm-ort", model: str = "") -> Engine:
    settings = first(caps(), "lookalike")
    return engine.load(
        DIST, caps(), Settings(**{**vars(settings), "model": model or settings.model}), backend
    )


def said(picture: NDArray[np.uint8], backend: str = "wasm-ort", model: str = "") -> Comparison:
    """What the task tells of a photo."""
    task, (height, width) = cast(Lookalike, loaded(backend, model).task), picture.shape[:2]
    asyncio.run(
        task.step(
            Frame(picture, width, height, is_photo=True, first_of_source=True), Settings(background="none")
        )
    )
    assert task.comparison is not None
    return task.comparison


def features(picture: NDArray[np.uint8], model: str) -> NDArray[np.float32]:
    """What the classifier sees of the portrait in a frame of the clip, of length 1."""
    task: Any = loaded("wasm-ort", model).task
    frame = Frame(picture, clip.WIDTH, clip.HEIGHT)
    cut = asyncio.run(task._cut_out(frame, RotatedRect(322, 200, 230, 230)))
    found = asyncio.run(task._features(cut))[0]
    return np.asarray(found / np.linalg.norm(found))


def character(gallery: Gallery, n: int, side: int) -> NDArray[np.uint8]:
    """A character's thumbnail on grey, grown to `side` pixels."""
    sheet, place = divmod(n, gallery.columns * gallery.rows)
    y, x = (number * gallery.size for number in divmod(place, gallery.columns))
    with Image.open(DIST / gallery.sheets[sheet].path) as image:
        square = image.convert("RGBA").crop((x, y, x + gallery.size, y + gallery.size))
    ground = Image.new("RGBA", square.size, (127, 127, 127, 255))
    whole = Image.alpha_composite(ground, square).convert("RGB")
    return np.asarray(whole.resize((side, side), Image.Resampling.BICUBIC))


def nearest(picture: NDArray[np.uint8]) -> list[Match]:
    """What a picture of 224 x 224 is nearest to, compared as it is."""
    model, frame = loaded().auxiliary["classifier"], Frame(picture, 224, 224)
    index = cast(Lookalike, loaded().task).galleries[0].index
    blank, keep = model.session.blank((1, 1280)), model.session.tensor([0.0], (1,))
    found = asyncio.run(model.infer(frame))
    return asyncio.run(index.nearest(found["features"], blank, keep))[1]


def who(near: Any) -> list[int]:
    return [one.n for one in near]


@cache
def pair() -> NDArray[np.uint8]:
    """The portrait, and beside it the same turned round, darker, and blue where it was red."""
    left = clip.frame(0)
    right = (left[:, ::-1, ::-1] * 0.7).astype(np.uint8)
    return np.concatenate([left, right], 1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_portrait_has_five_answers(backend: str) -> None:
    told = said(clip.frame(0), backend)
    (face,) = told.faces
    assert (face.id, told.together, told.note) == (1, (), "")
    assert len(set(who(face.matches))) == 5
    similarities = [one.similarity for one in face.matches]
    assert similarities == sorted(similarities, reverse=True)
    assert 0 < similarities[-1] <= similarities[0] < 1
    left, top, width, height = face.box
    x, y = 325 / clip.WIDTH, 205 / clip.HEIGHT  # the nose
    assert left < x < left + width
    assert top < y < top + height
    assert 0.1 < width < 0.3


def test_every_form_gives_the_same_answers() -> None:
    wasm, webgl = (said(clip.frame(0), backend).faces[0].matches for backend in BACKENDS)
    assert len({*who(wasm)} & {*who(webgl)}) >= 4  # the fifth and the sixth may be as near as rounding is
    assert [one.similarity for one in wasm] == pytest.approx([one.similarity for one in webgl], abs=0.005)
    theirs = {one.n: one.similarity for one in webgl}
    assert wasm[0].similarity == pytest.approx(theirs[wasm[0].n], abs=0.005)


def test_two_faces_have_answers_of_their_own() -> None:
    told = said(pair())
    one, other = (face.matches for face in told.faces)
    assert [face.id for face in told.faces] == [1, 2]
    assert told.faces[0].box[0] < 0.5 < told.faces[1].box[0]
    assert who(one) != who(other)
    assert len(who(told.together)) == 5
    assert {*who(told.together)} & {*who(one), *who(other)}
    empty = np.asarray(clip.room())
    alone = said(np.concatenate([pair()[:, : clip.WIDTH], empty], 1)).faces[0].matches
    assert len({*who(alone)} & {*who(one)}) >= 4


@pytest.mark.parametrize("model", ["bodypix", "selfie", "selfie-landscape"])
def test_what_is_behind_a_face_does_not_count(model: str) -> None:
    card = caps().card(model)
    if card is None or not caps().supports(card, "lookalike", "wasm-ort"):
        pytest.skip(f"{model} is not in this build")
    room = clip.frame(0)
    wall = np.where(clip.person(0)[..., None], room, np.array([40, 120, 80], np.uint8))
    here, there = (features(picture, model) for picture in (room, wall))
    assert float(here @ there) > 0.93  # 0.85 where nothing is cut away


def test_without_a_face_the_middle_is_compared() -> None:
    told = said(np.asarray(clip.room()))
    assert told.note == NO_FACE_PHOTO
    assert len(who(told.faces[0].matches)) == 5


def test_a_character_is_most_like_itself() -> None:
    """From the gallery's own sheets, where it has 160 pixels a side: as it is, and as a photo of it."""
    gallery = caps().selected_galleries(first(caps(), "lookalike"))[0]
    shown = range(0, gallery.count, max(1, gallery.count // 12))
    compared = [who(nearest(character(gallery, n, 224)))[0] == n for n in shown]
    assert sum(compared) >= 0.9 * len(compared), compared
    photos = [n in who(said(character(gallery, n, 448)).faces[0].matches) for n in shown]
    assert sum(photos) >= 0.6 * len(photos), photos
