"""The overlays over fake ports: where they look, what they mark, how they fail. Does not run a model."""

from __future__ import annotations

import asyncio
from array import array
from dataclasses import replace
from math import atan2, pi
from pathlib import Path
from typing import Any, cast

import pytest

from app import overlays
from app.core.annotations import MIN_RADIUS, Annotations, ColorOverlay
from app.core.frame import Frame
from app.core.geometry import RotatedRect, letterbox, to_frame
from app.core.meter import Meter
from app.core.model import Model
from app.core.settings import Settings
from app.overlays import OVERLAYS, PARTS, Overlay
from app.overlays.mesh import EXPANSION, EYES, Mesh
from app.overlays.parts import Parts
from app.overlays.pose import Pose
from app.run.pipeline import Pipeline
from models.spec.rules import KINDS
from tests.support.fakes import FACES, MESH, POSE, SELFIE, Clock, FakeCamera, FakeCompositor, FakeSession

# One face in the upper left of a letterboxed 640x480 frame: score, box, right eye, left eye, ...
FACE = [0.9, 0.2, 0.3, 0.4, 0.5, 0.25, 0.38, 0.35, 0.38, *[0.3] * 8]
SETTINGS = Settings()


def points(x0: float = 0.3, x1: float = 0.7, y0: float = 0.2, y1: float = 0.8) -> array[float]:
    """468 points in a box, the eyes level."""
    rows = [[x0, y0, 0.0], [x1, y1, 0.0]] + [[(x0 + x1) / 2, (y0 + y1) / 2, 0.0]] * 466
    rows[EYES[0]], rows[EYES[1]] = [0.4, 0.4, 0.0], [0.6, 0.4, 0.0]
    return array("f", [value for row in rows for value in row])


class House:
    """A mesh between a landmarks card and a detector."""

    def __init__(self, face: list[float] | None = FACE, presence: float = 1.0) -> None:
        self.compositor, self.meter, self.camera = FakeCompositor(), Meter(Clock()), FakeCamera(0)
        self.found = array("f", [*(face or [0.0] * 17), *[0.0] * 68])
        self.mesh = FakeSession({"presence": array("f", [presence]), "points": points()})
        self.detector = FakeSession({"faces": self.found, "mask": "mask"})
        self.overlay = Mesh(self.model(MESH, self.mesh), {"detector": self.model(FACES, self.detector)})

    def model(self, card: Any, session: FakeSession) -> Model:
        return Model(card, session, self.compositor, self.meter, stages=("overlay", "overlay"))

    def step(self, faces: Any = None, **how: Any) -> tuple[Annotations, ...]:
        frame = Frame(1, 640, 480, **how)
        return asyncio.run(self.overlay.step(frame, {"faces": faces} if faces else {}))

    @property
    def regions(self) -> list[RotatedRect]:
        return [call[3] for call in self.compositor.calls if len(call) > 3]


def test_a_face_is_found_once_and_then_followed() -> None:
    house = House()
    for _ in range(3):
        (marks,) = house.step()
        assert (len(marks), marks.step, marks.end) == (468, 3, 0)
    assert len(house.detector.fed) == 1
    assert house.detector.fed[0]["memory"] == ("blank", (1, 1, 64, 64))
    first, second, third = house.regions
    # The letterboxed input is 640 pixels a side; its upper 80 lie above the frame.
    assert (first.x, first.y) == pytest.approx((0.3 * 640, 0.4 * 640 - 80))
    assert (first.width, first.height) == pytest.approx((EXPANSION * 128, EXPANSION * 128))
    assert first.angle == pytest.approx(0)
    # Then the box of the points, 0.6 of the region high, grown by half.
    assert second.width == pytest.approx(first.width * 0.6 * EXPANSION)
    assert third.width == pytest.approx(second.width * 0.6 * EXPANSION)


def test_what_the_task_has_found_is_not_looked_for_again() -> None:
    house = House()
    house.step(house.found)
    assert house.detector.fed == []
    assert len(house.regions) == 1


def test_a_face_that_is_lost_is_looked_for_at_once() -> None:
    house = House()
    house.step()
    house.mesh.outputs = {"presence": array("f", [0.4]), "points": points()}
    assert house.step() == ()
    assert (len(house.mesh.fed), len(house.detector.fed)) == (3, 2)  # followed, found anew, not there either
    house.detector.outputs = {"faces": array("f", [0.0] * 85), "mask": "mask"}
    assert house.step() == ()
    assert (len(house.mesh.fed), len(house.detector.fed)) == (3, 3)


@pytest.mark.parametrize("how", [{"is_photo": True}, {"first_of_source": True}])
def test_a_photo_and_a_new_source_are_looked_at_anew(how: dict[str, Any]) -> None:
    house = House()
    house.step()
    house.step(**how)
    assert len(house.detector.fed) == 2


@pytest.mark.parametrize(
    "face", [None, [0.4, *FACE[1:]], [0.9, 0.2, 0.3, 0.2, 0.3, *FACE[5:]], [float("nan")] * 17]
)
def test_no_face_no_marks(face: list[float] | None) -> None:
    house = House(face)
    assert house.step() == ()
    assert house.mesh.fed == []


def test_points_that_are_no_numbers_end_the_following() -> None:
    house = House()
    house.mesh.outputs = {"presence": array("f", [1.0]), "points": array("f", [float("nan")] * 1404)}
    house.step()
    house.step()
    assert len(house.detector.fed) == 2


def test_the_region_is_turned_as_the_eyes_are() -> None:
    tilted = [0.9, 0.2, 0.3, 0.4, 0.5, 0.25, 0.38, 0.35, 0.43, *[0.3] * 8]
    house = House(tilted)
    house.step()
    assert house.regions[0].angle == pytest.approx(atan2(0.05, 0.1))
    house.step()
    assert house.regions[1].angle == pytest.approx(house.regions[0].angle)  # level eyes in a turned region


def pose(scores: dict[int, float]) -> array[float]:
    return array("f", [v for n in range(17) for v in (scores.get(n, 0.0), 0.25 + n / 100, 0.5)])


def test_a_pose_leaves_out_what_is_not_sure() -> None:
    session = FakeSession({"pose": pose({5: 0.9, 7: 0.8, 9: 0.2, 11: 0.31})})
    overlay = Pose(Model(POSE, session, FakeCompositor(), Meter(Clock())), {})
    lines, dots = asyncio.run(overlay.step(Frame(1, 640, 480), {}))
    assert (len(lines), len(dots)) == (2, 3)  # shoulder to elbow and to hip
    assert list(lines.numbers[:4]) == pytest.approx([0.30, 0.5, 0.32, 0.5])
    assert lines.to_frame == to_frame(640, 480, POSE.input)
    session.outputs = {"pose": pose({})}
    assert asyncio.run(overlay.step(Frame(1, 640, 480), {})) == ()


def test_marks_are_drawn_with_the_picture_and_timed_apart() -> None:
    compositor, clock = FakeCompositor(), Clock()
    meter = Meter(clock)
    main = Model(SELFIE, FakeSession(None, clock, 5), compositor, meter)
    over = FakeSession({"pose": pose({5: 0.9, 6: 0.8})}, clock, 7)
    pipeline = Pipeline("background", main)
    pipeline.overlay = Pose(Model(POSE, over, compositor, meter, stages=("overlay", "overlay")), {})
    asyncio.run(pipeline.step(FakeCamera(0).frame(1), lambda: SETTINGS))
    assert [call[0] for call in compositor.calls[-2:]] == ["compose", "mark"]
    assert [len(marks) for marks in compositor.calls[-1][2:]] == [1, 2]
    assert meter.stats()["ms"] == {
        "sample": 0, "infer": 5, "compose": 0, "overlay": 7, "python": 0, "frame": 12,
    }  # fmt: skip


def test_an_overlay_that_fails_is_taken_away_and_the_picture_goes_on() -> None:
    compositor = FakeCompositor()
    failed: list[Exception] = []
    meter = Meter(Clock())
    pipeline = Pipeline("background", Model(SELFIE, FakeSession(), compositor, meter))
    broken = Model(POSE, FakeSession(RuntimeError("out of memory")), compositor, meter)
    pipeline.overlay, pipeline.failed = Pose(broken, {}), failed.append
    for name in (1, 2):
        asyncio.run(pipeline.step(FakeCamera(0).frame(name), lambda: SETTINGS))
    assert [call[:2] for call in compositor.calls if call[0] == "compose"] == [("compose", 1), ("compose", 2)]
    assert [str(error) for error in failed] == ["out of memory"]
    assert pipeline.overlay is None


def test_marks_that_cannot_be_drawn_take_the_overlay_away_and_not_the_picture() -> None:
    compositor, meter, failed = FakeCompositor(), Meter(Clock()), list[Exception]()
    compositor.unmarked = True
    pipeline = Pipeline("background", Model(SELFIE, FakeSession(), compositor, meter))
    session = FakeSession({"pose": pose({5: 0.9, 6: 0.8})})
    overlay = pipeline.overlay = Pose(Model(POSE, session, compositor, meter), {})
    pipeline.failed = failed.append
    for name in (1, 2):
        asyncio.run(pipeline.step(FakeCamera(0).frame(name), lambda: SETTINGS))
    assert [call[1] for call in compositor.calls if call[0] == "compose"] == [1, 2]
    assert [str(error) for error in failed] == ["the annotations could not be drawn"]
    assert pipeline.overlay is not overlay
    assert meter.frames == 2


def test_an_overlay_that_fails_after_another_was_chosen_leaves_that_one() -> None:
    compositor, meter, failed = FakeCompositor(), Meter(Clock()), list[Exception]()
    pipeline = Pipeline("background", Model(SELFIE, FakeSession(), compositor, meter))
    following = Pose(Model(POSE, FakeSession({"pose": pose({})}), compositor, meter), {})

    class Leaving:
        title, auxiliary = "", ()

        async def step(self, frame: Frame, found: Any) -> tuple[Annotations, ...]:
            pipeline.overlay = following
            raise RuntimeError("its session is closed")

    pipeline.overlay, pipeline.failed = cast(Overlay, Leaving()), failed.append
    asyncio.run(pipeline.step(FakeCamera(0).frame(1), lambda: SETTINGS))
    assert (pipeline.overlay, failed) == (following, [])


def test_a_path_holds_every_mark() -> None:
    to = to_frame(640, 480, SELFIE.input)
    dots = Annotations(array("f", [0.1, 0.2, 9, 0.3, 0.4, 9]), 3, 0, to, "#ffffff", 0.01)
    assert dots.path() == "M0.10000 0.20000h.00003M0.30000 0.40000h.00003"
    lines = Annotations(array("f", [0.1, 0.2, 0.3, 0.4]), 4, 2, to, "#ffffff", 0.01)
    assert lines.path() == "M0.10000 0.20000L0.30000 0.40000"
    assert Annotations(array("f"), 3, 0, to, "#ffffff", 0.01).path() == ""
    assert dots.radius_pixels(480) == pytest.approx(4.8)
    assert dots.radius_pixels(10) == MIN_RADIUS


def test_a_model_without_a_mask_takes_the_picture_alone() -> None:
    session, compositor = FakeSession({"pose": pose({})}), FakeCompositor()
    model = Model(POSE, session, compositor, Meter(Clock()))
    roi = RotatedRect(1, 2, 3, 4, pi)
    asyncio.run(model.infer(FakeCamera(0).frame(1), roi))
    assert session.fed == [{"rgba": "rgba of 1"}]
    assert compositor.calls == [("sample", 1, POSE.input, roi)]


def test_every_overlay_has_a_title_of_its_card() -> None:
    titles = [
        overlay.title.format(card=replace(POSE, title="PoseNet").title) for overlay in OVERLAYS.values()
    ]
    assert titles == ["Face mesh", "Pose (PoseNet)", "Body parts"]


def test_body_parts_are_made_of_what_the_task_found_or_of_a_run_of_their_own() -> None:
    outputs = {"mask": "mask", "parts": "parts"}
    session, tint, meter = FakeSession(outputs), FakeSession({"tint": "pixels"}), Meter(Clock())
    model = Model(SELFIE, session, FakeCompositor(), meter, stages=("overlay", "overlay"), tint=tint)
    overlay, frame = Parts(model, {}), Frame(1, 640, 480)
    assert asyncio.run(overlay.step(frame, outputs)) == (
        ColorOverlay("pixels", letterbox(640, 480, SELFIE.input)),
    )
    assert session.fed == []
    asyncio.run(overlay.step(frame, {}))  # background "none": the task has run nothing
    assert len(session.fed) == 1
    assert tint.fed == [{"parts": "parts", "mask": "mask"}] * 2
    with pytest.raises(ValueError, match="cannot show body parts"):
        Parts(Model(SELFIE, session, FakeCompositor(), meter), {})


def test_every_file_is_a_registered_overlay() -> None:
    folder = Path(overlays.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {kind.__module__.rpartition(".")[2] for kind in OVERLAYS.values()}


@pytest.mark.parametrize("id", OVERLAYS)
def test_an_overlay_is_whole(id: str) -> None:
    kind = OVERLAYS[id]
    assert kind.title
    assert id in (*KINDS, PARTS)
    assert set(kind.auxiliary) <= set(KINDS)
