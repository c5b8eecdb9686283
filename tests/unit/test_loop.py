"""Loop over fake ports: every frame closed once, nothing of the room shown when one fails."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from app.core.events import Event
from app.core.meter import Meter
from app.core.model import Model
from app.core.settings import Settings
from app.run.loop import MAX_FAILURES, Loop
from app.run.pipeline import Pipeline
from tests.support.fakes import SELFIE, Clock, FakeCamera, FakeCompositor, FakeSession

BLUR, NONE = Settings(), Settings(background="none")


class Moody(FakeSession):
    """Fails at the frames named in `bad`."""

    def __init__(self, bad: Iterable[int]) -> None:
        super().__init__()
        self.bad = set(bad)

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        if int(feeds["rgba"].split()[-1]) in self.bad:
            raise RuntimeError(f"failed at {feeds['rgba']}")
        return await super().run(feeds)


class House:
    """A loop over `count` frames, some of them bad."""

    def __init__(self, count: int, bad: Iterable[int] = (), is_photo: bool = False) -> None:
        self.camera = FakeCamera(count, is_photo)
        self.compositor = FakeCompositor()
        pipeline = Pipeline("background", Model(SELFIE, Moody(bad), self.compositor, Meter(Clock())))
        self.finished: list[int] = []
        self.looks: list[Settings] = []
        self.loop = Loop(pipeline, self.compositor, self._look, self._done)

    def _look(self) -> Settings:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def _done(self, events: Sequence[Event]) -> None:
        self.finished.append(self.camera.closed[-1])  # a frame is closed before the next is asked for

    def play(self, *looks: Settings) -> None:
        """Each frame asks for the Settings of its moment: `looks` in turn, the last one for the rest."""
        self.looks = list(looks or [BLUR])
        asyncio.run(self.loop.run(self.camera))

    @property
    def shown(self) -> list[str]:
        return [f"{call[0]} {call[1]}" for call in self.compositor.calls if call[0] != "sample"]


def test_every_frame_is_shown_and_closed_once_in_order() -> None:
    house = House(4)
    house.play()
    assert house.shown == ["compose 1", "compose 2", "compose 3", "compose 4"]
    assert house.camera.closed == house.finished == [1, 2, 3, 4]


def test_a_frame_that_fails_is_covered_and_the_next_goes_on() -> None:
    house = House(4, bad=[2])
    house.play()
    assert house.shown == ["compose 1", "cover blur", "compose 3", "compose 4"]
    assert house.camera.closed == house.finished == [1, 2, 3, 4]


def test_failures_in_a_row_end_the_loop_covered() -> None:
    assert MAX_FAILURES == 3
    house = House(9, bad=[3, 4, 5])
    with pytest.raises(RuntimeError, match="failed at rgba of 5"):
        house.play()
    assert house.shown[-3:] == ["cover blur"] * 3
    assert house.camera.closed == [1, 2, 3, 4, 5]


def test_failures_with_a_good_frame_between_do_not() -> None:
    house = House(9, bad=[2, 3, 5, 6, 8, 9])
    house.play()
    assert house.camera.closed == house.finished == list(range(1, 10))
    assert house.shown.count("cover blur") == 6


def test_with_none_chosen_nothing_is_inferred_or_covered() -> None:
    house = House(3, bad=[1, 2, 3])
    house.play(NONE)
    assert house.shown == ["compose 1", "compose 2", "compose 3"]


def test_a_frame_that_fails_under_none_is_not_covered() -> None:
    house = House(1, bad=[])
    house.compositor.fails = True
    house.play(NONE)
    assert house.shown == []
    assert house.camera.closed == [1]


def test_a_background_chosen_while_a_frame_fails_covers_it() -> None:
    house = House(1, bad=[])
    house.compositor.fails = True
    house.play(NONE, Settings(background="image"))
    assert house.shown == ["cover image"]


def test_a_cover_that_fails_still_closes_the_frame() -> None:
    house = House(2, bad=[1])
    house.compositor.cover = lambda _: 1 / 0  # type: ignore[method-assign, assignment]
    with pytest.raises(ZeroDivisionError):
        house.play()
    assert house.camera.closed == [1]


def test_a_photo_that_fails_is_not_waited_for() -> None:
    house = House(1, bad=[1], is_photo=True)
    with pytest.raises(RuntimeError, match="failed at"):
        house.play()
    assert house.shown == ["cover blur"]
    assert house.camera.closed == [1]
