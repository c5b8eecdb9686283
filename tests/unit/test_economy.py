"""Economy: when a Mask is used again, and how the level follows the time of frames. Runs no model."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.core.economy import (
    BARRED_MS,
    BUDGET_MS,
    COOLDOWN_MS,
    DEBT_MS,
    LEVELS,
    STILL,
    UNKNOWN,
    UPGRADE_MS,
    Economy,
    Quality,
)
from app.core.frame import Frame
from app.core.meter import Meter
from app.core.model import Model
from app.core.settings import Settings
from app.tasks.background import Background
from tests.support.fakes import SELFIE, Clock, FakeCompositor, FakeSession

BLUR = Settings()
REST, MOVE = STILL[0].difference, 100.0
AGE = STILL[0].age


def reuses(economy: Economy, *differences: float) -> list[bool]:
    return [economy.reuses(difference) for difference in differences]


def test_a_picture_that_rests_reuses_the_mask_until_it_is_too_old() -> None:
    economy = Economy(Clock())
    row = reuses(economy, *[REST] * (2 * AGE + 2))
    assert row == ([True] * AGE + [False]) * 2
    assert economy.reused == round(AGE / (AGE + 1), 2)


def test_a_face_that_speaks_is_inferred_every_second_time() -> None:
    assert reuses(Economy(Clock()), *[STILL[1].difference] * 4) == [True, False] * 2


@pytest.mark.parametrize("difference", [STILL[1].difference + 0.1, MOVE, UNKNOWN])
def test_a_picture_that_moves_is_inferred(difference: float) -> None:
    assert reuses(Economy(Clock()), *[difference] * 3) == [False] * 3


def test_nothing_is_reused_where_the_visitor_does_not_want_it() -> None:
    economy = Economy(Clock())
    economy.active = False
    slow(economy.quality, 0)
    assert reuses(economy, 0.0, 0.0) == [False, False]
    assert economy.level == 0


@pytest.mark.parametrize(("level", "pattern"), [(1, [True, False] * 3), (2, [True, True, False] * 2)])
def test_a_slow_machine_infers_some_frames_only(level: int, pattern: list[bool]) -> None:
    economy = Economy(Clock())
    economy.quality.level = level
    assert reuses(economy, *[STILL[1].difference + 5] * 6) == pattern
    assert reuses(economy, MOVE, UNKNOWN) == [False, False]


def slow(quality: Quality, now: float, spent: float = 3 * BUDGET_MS) -> float:
    """Frames that take too long, for five seconds or until the level is lower; gives the time then."""
    begin, level = now, quality.level
    while quality.level == level and now - begin < 5000:
        now += spent
        quality.note(now, spent)
    return now


def quick(quality: Quality, now: float, ms: float) -> float:
    """Frames that take little, for so many milliseconds."""
    end = now + ms
    while now < end:
        now += 33.0
        quality.note(now, 5.0)
    return now


def test_a_step_down_needs_more_than_a_single_slow_frame() -> None:
    quality = Quality()
    for n in range(100):
        quality.note(33.0 * n, DEBT_MS if n == 50 else 5.0)
    assert quality.level == 0
    slow(quality, 4000.0)
    assert quality.level == 1


def test_after_a_step_nothing_changes_for_a_while_and_the_last_level_is_the_last() -> None:
    quality = Quality()
    first = slow(quality, 0.0)
    second = slow(quality, first)
    assert second - first >= COOLDOWN_MS
    slow(quality, second)
    assert quality.level == len(LEVELS) - 1


def test_a_machine_that_keeps_up_again_steps_up() -> None:
    quality = Quality()
    now = slow(quality, 0.0)
    assert quick(quality, now, UPGRADE_MS - 100) and quality.level == 1
    quick(quality, now, UPGRADE_MS + 200)
    assert quality.level == 0


def test_a_step_up_that_failed_bars_the_next_one_longer_each_time() -> None:
    quality = Quality()
    now = slow(quality, 0.0)
    for bar in (BARRED_MS, 2 * BARRED_MS):
        now = quick(quality, now, UPGRADE_MS + 200)
        assert quality.level == 0
        now = slow(quality, now)
        assert quality.level == 1
        now = quick(quality, now, bar - UPGRADE_MS)
        assert quality.level == 1, "it is barred"


def test_the_task_composes_the_old_mask_with_the_new_picture() -> None:
    compositor, session = FakeCompositor(), FakeSession()
    task = Background(Model(SELFIE, session, compositor, Meter(Clock())), {})
    compositor.apart = 0.0

    def step(name: int, settings: Settings = BLUR, **how: Any) -> Any:
        return asyncio.run(task.step(Frame(name, 640, 480, **how), settings)).mask

    first = step(1)
    assert len(session.fed) == 1, "there is no mask before the first frame"
    again = step(2)
    assert len(session.fed) == 1
    assert compositor.remembered == [1]
    assert (again.tensor, again.sample.frame.picture) == (first.tensor, 2)
    step(3, first_of_source=True)
    step(4, replace(Settings(), economy=False))
    step(5, is_photo=True)
    assert len(session.fed) == 4
    step(6, Settings(background="none"))
    step(7)
    assert len(session.fed) == 5, "the mask was forgotten"
