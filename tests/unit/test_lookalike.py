"""The look-alike task over fake ports: where it looks, whose turn it is, what it says.

Does not run a model.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from app.core.characters import Character, LoadedGallery, Names
from app.core.events import Answers, Event
from app.core.frame import Frame
from app.core.gallery import Index, Match
from app.core.geometry import RotatedRect
from app.core.meter import Meter
from app.core.model import Model
from app.core.settings import Settings
from app.run.pipeline import Pipeline
from app.tasks.lookalike.comparison import Comparison
from app.tasks.lookalike.task import EXPANSION, KEEP, NO_FACE_LIVE, NO_FACE_PHOTO, SHIFT_UP, Lookalike
from app.tasks.lookalike.tracking import TRACK_TIMEOUT_MS
from tests.support.fakes import BODY, CLASSES, FACES, GALLERY, Clock, FakeCompositor, FakeSession

NONE, BLUR = Settings(background="none"), Settings(background="blur", smoothing=0)
# Rows of a letterboxed 640x480 frame: score, box, right eye, left eye, ... Their squares are 64 pixels large.
LEFT = [0.9, 0.2, 0.3, 0.3, 0.4, 0.22, 0.34, 0.28, 0.34, *[0.3] * 8]
RIGHT = [0.95, 0.7, 0.3, 0.8, 0.4, 0.72, 0.34, 0.78, 0.34, *[0.3] * 8]


def rows(*faces: list[float]) -> array[float]:
    return array("f", [*(n for face in faces for n in face), *[0.0] * 17 * (5 - len(faces))])


class Detector(FakeSession):
    """Finds in a frame what it was told, in the second look as well."""

    near: list[array[float]]

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        await super().run(feeds)
        return {"faces": self.near.pop(0), "mask": "m"}


class Features(FakeSession):
    """Gives features that tell which look at a face they are of."""

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        await super().run(feeds)
        return {"features": array("f", [len(self.fed), 0, 0, 0])}


class Nearest(FakeSession):
    """An index of ten: `seen` numbers the run, nearest is the first character unless told otherwise."""

    def __init__(self, best: int = 0) -> None:
        super().__init__()
        self.best = best

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        await super().run(feeds)
        which = [self.best, *(n for n in range(10) if n != self.best)]
        similarity = array("f", [0.5 - n / 50 for n in range(10)])
        seen = ("seen", len(self.fed))
        return {"seen": seen, "likeness": similarity, "which": array("f", which)}


def gallery(id: str, count: int, session: Nearest) -> LoadedGallery:
    """Characters called "ID N"."""
    names = Names(replace(GALLERY, id=id), [Character(f"{id} {n}", "Set") for n in range(count)])
    return LoadedGallery(Index(id, count, session), names)


class House:
    """The task between its fakes: `step(faces)` shows it one frame with these faces."""

    def __init__(self, parts: bool = True) -> None:
        self.compositor, meter = FakeCompositor(), Meter(Clock())
        found = {"mask": "mask", **({"parts": "parts"} if parts else {})}
        self.segmenter, self.cutout = FakeSession(found), FakeSession({"cut": "cut"})
        self.detector, self.features, self.index = Detector(), Features(), Nearest()
        self.model = Model(BODY, self.segmenter, self.compositor, meter)
        self.model.cutout = self.cutout
        self.classifier = Model(CLASSES, self.features, self.compositor, meter)
        self.characters = gallery("characters", 100, self.index)
        self.auxiliary = {"detector": Model(FACES, self.detector, self.compositor, meter)}
        self.auxiliary["classifier"] = self.classifier
        self.pipeline = Pipeline("lookalike", self.model, self.auxiliary)
        self.task = cast(Lookalike, self.pipeline.task)
        self.task.galleries = (self.characters,)
        self.time = 0.0
        self.events: tuple[Event, ...] = ()
        self.far: list[list[float]] = []  # what is found in the second look

    def step(self, *faces: list[float], settings: Settings = NONE, ms: float = 40.0, **how: Any) -> Any:
        self.time += ms
        self.detector.near = [rows(*faces), rows(*self.far)]
        frame = Frame(1, 640, 480, self.time, **how)
        self.events = asyncio.run(self.pipeline.step(frame, lambda: settings))
        return self.task.comparison

    def look(self, *faces: list[float], **how: Any) -> Any:
        """Two live frames, in which one of the faces is cut out and compared; gives what the second says."""
        self.step(*faces, ms=20.0, **how)
        return self.step(*faces, ms=20.0)

    def seen(self, what: Any) -> list[RotatedRect]:
        """The regions that were sampled for an input."""
        return [
            call[3]
            for call in self.compositor.calls
            if call[0] == "sample" and call[2:3] == (what,) and call[3:]
        ]


def ids(said: Any) -> list[int]:
    return [face.id for face in said.faces]


def test_the_way_of_a_face() -> None:
    house = House()
    said = house.step(LEFT, is_photo=True)
    (square,), (wide,) = house.seen(CLASSES.input), house.seen(BODY.input)
    # The letterboxed input is 640 pixels a side; its upper 80 lie above the frame. The square reaches higher.
    assert (square.x, square.y) == pytest.approx((160, 144 - SHIFT_UP * 64))
    assert (square.width, square.height, square.angle) == pytest.approx((EXPANSION * 64, EXPANSION * 64, 0))
    assert (wide.x, wide.y, wide.height, wide.angle) == (square.x, square.y, square.height, square.angle)
    # Nothing is distorted for the segmenter.
    assert wide.width == pytest.approx(square.width * 321 / 241)
    assert house.segmenter.fed[0]["keep"] == array("f", [0])
    assert house.cutout.fed == [{"rgba": "rgba of 1", "mask": "mask", "parts": "parts"}]
    assert house.features.fed == [{"rgba": "cut"}]
    fed = house.index.fed[0]
    assert (fed["features"][0], fed["memory"], fed["keep"][0]) == (1, ("blank", (1, 4)), 0)
    assert said.faces[0].box == pytest.approx([128 / 640, 112 / 480, 64 / 640, 64 / 480])
    assert said.faces[0].matches[0] == Match("characters", 0, 0.5)
    assert len(said.faces[0].matches) == 5
    assert (said.together, said.note) == ((), "")


def test_a_segmenter_without_parts_cuts_out_the_person() -> None:
    house = House(parts=False)
    house.step(LEFT, is_photo=True)
    assert house.cutout.fed == [{"rgba": "rgba of 1", "mask": "mask"}]


def test_a_comparison_is_told_once_as_an_event() -> None:
    house = House()
    assert (house.step(LEFT), house.events) == (None, ())
    assert house.step(LEFT, settings=replace(NONE, mirror=True)) is not None
    [answers] = house.events
    assert isinstance(answers, Answers)
    assert (answers.source, answers.picture, answers.note) == (0, (640, 480), "")
    assert [row.name for row in answers.faces[0].five] == [f"characters {n}" for n in range(5)]
    assert answers.faces[0].box[0] == pytest.approx(1 - 0.2 - 0.1)  # as it is shown
    house.step(ms=TRACK_TIMEOUT_MS + 40)
    assert [event.note for event in house.events if isinstance(event, Answers)] == [NO_FACE_LIVE]
    house.step()
    assert house.events == ()  # nothing new


def test_a_photos_faces_are_told_from_left_to_right_and_together() -> None:
    house = House()
    said = house.step(RIGHT, LEFT, is_photo=True)
    assert ids(said) == [1, 2]
    assert said.faces[0].box[0] < said.faces[1].box[0]
    assert len(said.together) == 5
    runs = [(fed["features"], fed["memory"], fed["keep"][0]) for fed in house.index.fed]
    blank = ("blank", (1, 4))
    # Each alone, then the mean: the first as it is, the second for half of it.
    assert [memory for _, memory, _ in runs] == [blank, blank, blank, ("seen", 3)]
    assert [keep for *_, keep in runs] == [0, 0, 0, 0.5]
    assert [features for features, *_ in runs[2:]] == [("seen", 1), ("seen", 2)]


def test_five_faces_weigh_the_same_together() -> None:
    house = House()
    faces = [[0.9, x, 0.3, x + 0.1, 0.4, x, 0.34, x + 0.1, 0.34, *[0.3] * 8] for x in (0, 0.2, 0.4, 0.6, 0.8)]
    assert ids(house.step(*faces, is_photo=True)) == [1, 2, 3, 4, 5]
    assert [fed["keep"][0] for fed in house.index.fed[5:]] == pytest.approx([0, 1 / 2, 2 / 3, 3 / 4, 4 / 5])


def test_a_photo_without_a_face_is_compared_as_it_is() -> None:
    house = House()
    said = house.step(is_photo=True)
    assert house.seen(CLASSES.input) == [RotatedRect(320, 240, 480, 480)]
    assert (ids(said), said.note, said.together) == ([1], NO_FACE_PHOTO, ())
    assert said.faces[0].box == pytest.approx([0.125, 0, 0.75, 1])


def test_a_photo_that_is_drawn_again_is_not_looked_at_again() -> None:
    house = House()
    first = house.step(LEFT, is_photo=True, first_of_source=True)
    assert house.step(LEFT, is_photo=True, settings=BLUR) == first  # told again: it may be mirrored now
    assert len(house.features.fed) == 1
    house.step(LEFT, is_photo=True, first_of_source=True)
    assert len(house.features.fed) == 2
    house.task.galleries = (gallery("own", 1, Nearest()),)
    assert house.step(LEFT, is_photo=True).faces[0].matches[0].gallery == "own"


def test_live_one_face_is_looked_at_in_two_frames() -> None:
    house = House()
    told = [ids(house.look(LEFT, RIGHT)) for _ in range(6)]
    assert told == [[1], [1, 2], [1, 2], [1, 2], [1, 2], [1, 2]]
    assert len(house.features.fed) == 6
    assert [roi.x for roi in house.seen(CLASSES.input)] == pytest.approx([160, 480] * 3)
    alone = [fed for fed in house.index.fed if isinstance(fed["features"], array)]
    assert [round(fed["keep"][0], 6) for fed in alone] == [0, 0, KEEP, KEEP, KEEP, KEEP]
    # A face's memory is its own: what the index gave for it two frames before.
    assert alone[2]["memory"] == ("seen", 1)
    assert alone[3]["memory"] == ("seen", 2)


def test_live_a_face_that_is_cut_out_is_compared_though_the_next_frame_lacks_it() -> None:
    house = House()
    assert house.step(LEFT) is None
    assert ids(house.step()) == [1]


def test_live_a_face_that_left_is_not_compared_as_the_one_that_has_its_number_now() -> None:
    house = House()
    house.step(LEFT)
    house.step(RIGHT, ms=-20)  # a clip that begins anew
    assert house.features.fed == []
    assert ids(house.step(RIGHT)) == [1]


def test_live_all_together_once_a_round() -> None:
    house = House()
    assert [bool(house.look(LEFT, RIGHT).together) for _ in range(4)] == [False, True, True, True]
    assert len(house.index.fed) == 4 + 2 * 2  # four looks, two rounds of two
    assert house.step(LEFT, ms=TRACK_TIMEOUT_MS + 80).together == ()


def at(x: float) -> list[float]:
    """A face whose left edge is at x, 0 to 1."""
    return [0.9, x, 0.3, x + 0.1, 0.4, x, 0.34, x + 0.1, 0.34, *[0.3] * 8]


def test_live_a_crowd_of_which_five_are_found_at_a_time() -> None:
    house = House()
    crowd = [at(x / 100) for x in range(0, 96, 16)]
    told = [house.look(*(face for face in crowd if face is not crowd[n % 6])) for n in range(24)]
    assert [ids(said) for said in told[-6:]] == [[1, 2, 3, 4, 5, 6]] * 6
    assert all(len(said.together) == 5 for said in told[-6:])
    alone = [fed for fed in house.index.fed if isinstance(fed["features"], array)]
    weights = {round(fed["keep"][0], 4) for fed in house.index.fed if fed not in alone}
    assert weights <= {0, 0.5, 0.6667, 0.75, 0.8}  # of five faces at most


def test_live_two_faces_share_the_looks_however_long_one_was_alone() -> None:
    house = House()
    for _ in range(100):
        house.look(LEFT)
    before = len(house.seen(CLASSES.input))
    for _ in range(60):
        house.look(LEFT, RIGHT)
    looked = [round(roi.x) for roi in house.seen(CLASSES.input)[before:]]
    assert [looked.count(x) for x in (160, 480)] == [30, 30]
    assert len(house.index.fed) == 160 + 30 * 2  # together after every two looks


def test_live_together_stays_while_one_of_two_is_not_found() -> None:
    house = House()
    for _ in range(4):
        both = house.look(LEFT, RIGHT).together
    assert house.look(LEFT).together == both


def test_a_source_has_a_number_of_its_own() -> None:
    house = House()
    assert house.step(LEFT, is_photo=True).source == 0  # a worker that takes over begins with what was there
    first = house.step(LEFT, is_photo=True, first_of_source=True).source
    assert house.step(LEFT, is_photo=True).source == first
    assert house.step(LEFT, is_photo=True, first_of_source=True).source != first


def test_live_a_face_that_leaves_is_told_for_a_second() -> None:
    house = House()
    house.look(LEFT)
    assert ids(house.step(ms=TRACK_TIMEOUT_MS)) == [1]
    assert house.step(ms=40) == Comparison(note=NO_FACE_LIVE, source=0)
    assert house.step(ms=40) is None  # once is enough
    assert ids(house.look(LEFT)) == [1]
    assert house.index.fed[-1]["memory"] == ("blank", (1, 4))  # whoever it is


def test_live_nobody_is_told_after_a_second() -> None:
    house = House()
    assert house.step(ms=TRACK_TIMEOUT_MS) is None
    assert house.step(ms=TRACK_TIMEOUT_MS) is None
    assert house.step(ms=40).note == NO_FACE_LIVE
    assert house.features.fed == []


def test_live_the_winner_changes_only_after_some_looks() -> None:
    house = House()
    house.look(LEFT)
    house.index.best = 7
    winners = [house.look(LEFT).faces[0].matches[0].n for _ in range(4)]
    assert winners == [0, 0, 7, 7]


def test_a_new_source_begins_anew() -> None:
    house = House()
    house.look(LEFT, RIGHT)
    house.look(LEFT, RIGHT)
    assert ids(house.look(RIGHT, first_of_source=True)) == [1]
    assert house.index.fed[-1]["memory"] == ("blank", (1, 4))


def test_several_galleries_are_one() -> None:
    house = House()
    other = Nearest(3)
    house.task.galleries += (gallery("own", 4, other),)
    near_ = house.step(LEFT, is_photo=True).faces[0].matches
    assert [(one.gallery, one.n) for one in near_] == [
        ("characters", 0), ("own", 3), ("characters", 1), ("own", 0), ("characters", 2),
    ]  # fmt: skip
    assert other.fed[0]["features"] == house.index.fed[0]["features"]


def test_without_a_gallery_nothing_is_compared() -> None:
    house = House()
    house.task.galleries = ()
    assert house.step(LEFT, is_photo=True) is None
    assert house.features.fed == []
    house.task.galleries = (house.characters,)
    assert ids(house.step(LEFT, is_photo=True)) == [1]


def test_the_background_is_that_of_the_background_task() -> None:
    house = House()
    house.step(LEFT, settings=BLUR)
    samples = [call[2:] for call in house.compositor.calls if call[0] == "sample"]
    assert samples[-1] == (BODY.input,)  # the whole frame
    assert house.compositor.calls[-1][2:] == ("mask", "blur")
    assert house.task.outputs["parts"] == "parts"
    assert isinstance(house.task.outputs["faces"], array)
    house.step(LEFT, settings=NONE)
    assert house.compositor.calls[-1][2:] == (None, "none")
    assert list(house.task.outputs) == ["faces"]
    house.step(settings=NONE)
    assert house.task.outputs == {}  # an overlay may look for itself


def test_a_picture_that_is_all_face_is_looked_at_from_further_away() -> None:
    house = House()
    house.far = [LEFT]
    said = house.step(is_photo=True)
    assert len(house.detector.fed) == 2
    assert house.seen(FACES.input) == [RotatedRect(320, 240, 1280, 1280)]
    # Of a square of 1280 pixels, from -320, -400 on.
    assert said.faces[0].box == pytest.approx([0, 0, 64 / 640, 112 / 480])
    assert (said.note, house.task.outputs) == ("", {})


def test_a_portrait_is_the_surest_face_and_nothing_is_said_of_it() -> None:
    house = House()
    task = house.task
    frame = Frame(1, 640, 480, is_photo=True)
    for found, x in (([RIGHT, LEFT], 480), ([], 320)):
        house.detector.near = [rows(*found), rows()]
        features, square = asyncio.run(task.embed(frame))
        assert square == house.seen(CLASSES.input)[-1]
        assert square.x == pytest.approx(x)
        assert features[0] == len(house.features.fed)
    assert (task.comparison, house.index.fed) == (None, [])


def test_a_face_of_no_size_is_no_face() -> None:
    house = House()
    tiny = [0.9, 0.5, 0.5, 0.5, 0.5, *[0.5] * 12]
    broken = [0.9, *[float("nan")] * 16]
    assert house.step(tiny, broken, is_photo=True).note == NO_FACE_PHOTO


def test_what_a_session_raises_goes_through() -> None:
    house = House()
    house.index.outputs = RuntimeError("out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        house.look(LEFT)


def test_a_model_without_a_cutout_is_refused() -> None:
    house = House()
    house.model.cutout = None
    with pytest.raises(ValueError, match="BodyPix cannot cut out a face"):
        Lookalike(house.model, house.auxiliary)
