"""The people task over fake ports: counts, boxes and captions. Runs no model."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Mapping
from typing import Any

import pytest

from app.core.annotations import Annotations
from app.core.events import Caption
from app.core.frame import Frame
from app.core.meter import Meter
from app.core.model import Model
from app.core.nms import ROW, SCORE
from app.core.settings import Settings
from app.tasks.base import Result
from app.tasks.people import People
from tests.support.fakes import FACES, SELFIE, Clock, FakeCompositor, FakeSession

BLUR, NONE = Settings(), Settings(background="none")
LEFT, RIGHT = [0.9, 0.1, 0.3, 0.3, 0.5, *[0.4] * 12], [0.8, 0.6, 0.3, 0.8, 0.5, *[0.4] * 12]
UNSURE = [SCORE, 0.4, 0.3, 0.5, 0.5, *[0.4] * 12]


class Detector(FakeSession):
    """Finds the faces it is told to."""

    faces: tuple[list[float], ...] = ()

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        await super().run(feeds)
        rows = [*self.faces, *[[0.0] * ROW] * (5 - len(self.faces))]
        return {
            "faces": array("f", [value for row in rows for value in row]),
            "mask": f"mask {len(self.fed)}",
        }


class House:
    """The task between its fakes."""

    def __init__(self) -> None:
        self.session, self.compositor = Detector(), FakeCompositor()
        self.task = People(Model(FACES, self.session, self.compositor, Meter(Clock())), {})

    def step(self, *faces: list[float], settings: Settings = NONE, **how: Any) -> Result:
        self.session.faces = faces
        return asyncio.run(self.task.step(Frame(1, 640, 480, **how), settings))


def texts(result: Result) -> list[str]:
    return [event.text for event in result.events if isinstance(event, Caption)]


@pytest.mark.parametrize(
    ("faces", "text"),
    [((), "No face is visible."), ((LEFT,), "One face is visible."), ((LEFT, RIGHT), "2 faces are visible."),
     ((LEFT, UNSURE), "One face is visible.")],
)  # fmt: skip
def test_faces_are_counted(faces: tuple[list[float], ...], text: str) -> None:
    assert texts(House().step(*faces)) == [text]


def test_a_caption_is_told_once_a_change() -> None:
    house = House()
    told = [texts(house.step(*faces)) for faces in ((LEFT,), (RIGHT,), (LEFT, RIGHT), (LEFT, RIGHT), (), ())]
    one, two, none = "One face is visible.", "2 faces are visible.", "No face is visible."
    assert told == [[one], [], [two], [], [none], []]
    assert texts(house.step(first_of_source=True)) == [none]  # another source is told in any case


def test_each_face_has_a_box() -> None:
    [boxes] = House().step(LEFT, RIGHT).annotations
    assert isinstance(boxes, Annotations)
    lines = [tuple(boxes.numbers[n : n + 4]) for n in range(0, len(boxes.numbers), boxes.step)]
    assert len(boxes) == len(lines) == 8
    assert lines[0] == pytest.approx((0.1, 0.3, 0.3, 0.3))
    for n in (0, 4):  # the sides of a box meet, and the last one ends where the first began
        sides = lines[n : n + 4]
        assert [side[2:] for side in sides] == [side[:2] for side in (*sides[1:], sides[0])]
    # The letterboxed input is as wide as the frame and higher: 0.5 stays the middle.
    assert boxes.to_frame.at(0.5, 0.5) == pytest.approx((0.5, 0.5))
    assert boxes.to_frame.at(0.1, 0.3) == pytest.approx((0.1, (0.3 - 0.125) / 0.75))
    assert House().step().annotations == ()


def test_the_mask_is_that_of_the_background_task() -> None:
    house = House()
    mask = house.step(LEFT, settings=BLUR).mask
    assert mask is not None
    assert mask.tensor == "mask 1"
    assert len(house.session.fed) == 1  # one run gives both
    assert house.task.outputs["mask"] == "mask 1"
    house.step(LEFT, settings=BLUR)
    assert house.session.fed[1]["memory"] == "mask 1"
    assert house.step(LEFT, settings=NONE).mask is None
    assert len(house.session.fed) == 3  # without a background faces are counted as well
    assert len(house.task.outputs["faces"]) == 5 * ROW


def test_a_model_that_finds_no_faces_is_not_offered() -> None:
    assert SELFIE.kind not in People.requires.model
    assert FACES.kind in People.requires.model
