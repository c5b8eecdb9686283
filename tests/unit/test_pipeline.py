"""Pipeline and the background task over fake ports. Does not run a model."""

import asyncio
from array import array
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.core.frame import Frame
from app.core.meter import Meter
from app.core.model import Model
from app.core.ports import Sample
from app.core.settings import Settings
from app.overlays.pose import Pose
from app.run.pipeline import Pipeline
from tests.support.fakes import FACES, POSE, SELFIE, Clock, FakeCamera, FakeCompositor, FakeSession

BLUR, NONE = Settings(smoothing=100), Settings(background="none")


class House:
    """A pipeline with its fakes: `step(settings)` runs one frame."""

    def __init__(self, outputs: Any = None, card: Any = SELFIE) -> None:
        self.clock = Clock()
        self.session = FakeSession(outputs, self.clock, 5)
        self.compositor = FakeCompositor(self.clock, 2)
        model = Model(card, self.session, self.compositor, Meter(self.clock))
        self.pipeline = Pipeline("background", model)
        self.camera = FakeCamera(0)

    def step(self, settings: Settings, name: int = 1, is_photo: bool = False) -> None:
        frame = self.camera.frame(name)
        frame.is_photo = is_photo
        asyncio.run(self.pipeline.step(frame, lambda: settings))

    @property
    def keeps(self) -> list[float]:
        return [round(fed["keep"][0], 6) for fed in self.session.fed]


def test_the_stages_of_a_frame_in_order() -> None:
    house = House()
    house.step(BLUR)
    assert house.compositor.calls == [("sample", 1, SELFIE.input), ("compose", 1, "mask", "blur")]
    assert house.session.fed[0]["rgba"] == "rgba of 1"
    assert house.pipeline.meter.stats()["ms"] == {
        "sample": 2, "infer": 5, "compose": 2, "python": 0, "frame": 9,
    }  # fmt: skip
    assert house.camera.closed == []  # the Loop's to close


def test_none_infers_nothing() -> None:
    house = House()
    house.step(NONE)
    assert house.compositor.calls == [("compose", 1, None, "none")]
    assert house.session.fed == []


def test_the_mask_is_the_memory_of_the_next_frame() -> None:
    house = House()
    house.step(BLUR)
    house.session.outputs = {"mask": "second"}
    house.step(BLUR)
    house.step(BLUR)
    assert [fed["memory"] for fed in house.session.fed] == [("blank", (1, 1, 144, 256)), "mask", "second"]
    assert house.keeps == [0, 0.95, 0.95]  # nothing to be smoothed with in a first frame


def test_after_none_smoothing_begins_anew() -> None:
    house = House()
    for settings in (BLUR, BLUR, NONE, BLUR, BLUR):
        house.step(settings)
    assert house.keeps == [0, 0.95, 0, 0.95]
    assert house.session.fed[2]["memory"] == ("blank", (1, 1, 144, 256))


def test_a_frame_is_sampled_at_the_size_at_which_it_will_be_shown() -> None:
    house, sizes = House(), list[tuple[int, int]]()

    class Sized(FakeCompositor):
        def sample(self, frame: Frame, *given: Any, **named: Any) -> Sample:
            sizes.append(frame.shown_size)
            return super().sample(frame, *given, **named)

    house.pipeline = Pipeline("background", Model(SELFIE, FakeSession(), Sized(), Meter(Clock())))
    for resolution in ("480", "360", "480"):
        house.step(replace(BLUR, resolution=resolution))
    assert sizes == [(640, 480), (480, 360), (640, 480)]


def test_a_photo_is_not_smoothed() -> None:
    house = House()
    house.step(BLUR)
    house.step(BLUR, is_photo=True)
    assert house.keeps == [0, 0]


def test_smoothing_follows_the_look() -> None:
    house = House()
    for percent in (0, 0, 50, 100):
        house.step(replace(BLUR, smoothing=percent))
    assert house.keeps == pytest.approx([0, 0, 0.475, 0.95])


def test_tensors_of_keep_are_made_once_a_value() -> None:
    house = House()
    for _ in range(3):
        house.step(BLUR)
    assert house.session.fed[1]["keep"] is house.session.fed[2]["keep"]
    for _ in range(3):
        for percent in range(101):
            house.step(replace(BLUR, smoothing=percent))
    task: Any = house.pipeline.task
    assert len(task._weights) <= 101


def test_a_detector_gives_its_faces_too() -> None:
    house = House({"mask": "mask", "faces": "faces"}, FACES)
    house.step(BLUR)
    assert house.pipeline.task.outputs["faces"] == "faces"
    assert house.session.fed[0]["memory"] == ("blank", (1, 1, 64, 64))


def test_what_the_session_raises_goes_through_and_nothing_is_shown() -> None:
    house = House(RuntimeError("device lost"))
    with pytest.raises(RuntimeError, match="device lost"):
        house.step(BLUR)
    assert [call[0] for call in house.compositor.calls] == ["sample"]
    assert house.pipeline.meter.frames == 0


class Choosing(FakeSession):
    """The visitor changes the Settings while it runs."""

    def __init__(self, outputs: Any, chosen: list[Settings], *looks: Settings) -> None:
        super().__init__(outputs)
        self.chosen, self.looks = chosen, looks

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        self.chosen[:] = self.looks
        return await super().run(feeds)


def test_a_background_chosen_while_an_overlay_works_covers_the_frame_that_has_no_mask() -> None:
    compositor, meter, chosen = FakeCompositor(), Meter(Clock()), [NONE]
    pose = array("f", [0.9, 0.5, 0.5] * 17)
    over = Model(POSE, Choosing({"pose": pose}, chosen, replace(BLUR, background="image")), compositor, meter)
    pipeline = Pipeline("background", Model(SELFIE, FakeSession(), compositor, meter))
    pipeline.overlay = Pose(over, {})
    asyncio.run(pipeline.step(FakeCamera(0).frame(1), lambda: chosen[0]))
    assert [call for call in compositor.calls if call[0] != "sample"] == [("cover", "image")]
    asyncio.run(pipeline.step(FakeCamera(0).frame(2), lambda: chosen[0]))
    assert [call[:4] for call in compositor.calls[-2:]] == [
        ("compose", 2, "mask", "image"),
        ("mark", False, *compositor.calls[-1][2:4]),
    ]


def test_a_frame_that_has_a_mask_is_drawn_with_the_look_it_was_made_for() -> None:
    compositor, chosen = FakeCompositor(), [BLUR]
    model = Model(SELFIE, Choosing({"mask": "mask"}, chosen, NONE), compositor, Meter(Clock()))
    asyncio.run(Pipeline("background", model).step(FakeCamera(0).frame(1), lambda: chosen[0]))
    assert compositor.calls[-1] == ("compose", 1, "mask", "blur")


def test_a_frame_that_waited_is_drawn_with_the_look_of_its_turn() -> None:
    compositor, chosen = FakeCompositor(), [NONE]
    pipeline = Pipeline("background", Model(SELFIE, FakeSession(), compositor, Meter(Clock())))

    async def play() -> None:
        async with pipeline.runtime_lock:  # an overlay's model is loaded
            step = asyncio.ensure_future(pipeline.step(FakeCamera(0).frame(1), lambda: chosen[0]))
            await asyncio.sleep(0)
            chosen[0] = BLUR
        await step

    asyncio.run(play())
    assert compositor.calls[-1] == ("compose", 1, "mask", "blur")


def test_a_card_without_a_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="outputs no Mask"):
        House(card=replace(SELFIE, kind="classifier"))
