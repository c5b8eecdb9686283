"""Meter, on a clock that passes only when told to. Does not measure anything."""

import pytest

from app.core.meter import REPORT_INTERVAL, WINDOW, Meter, median
from tests.support.fakes import Clock


def run(meter: Meter, clock: Clock, infer: float = 5) -> None:
    with meter.frame():
        for name, ms in (("sample", 1), ("infer", infer), ("compose", 2)):
            with meter.stage(name):
                clock.now += ms
        clock.now += 0.5


def test_milliseconds_of_each_stage_and_of_python() -> None:
    clock = Clock()
    meter = Meter(clock)
    for _ in range(3):
        run(meter, clock)
    stats = meter.stats()
    assert stats["ms"] == {"sample": 1, "infer": 5, "compose": 2, "python": 0.5, "frame": 8.5}
    assert (stats["frames"], stats["plot"]) == (3, [8.5] * 3)


def test_the_median_is_given_not_the_mean() -> None:
    clock = Clock()
    meter = Meter(clock)
    for infer in (5, 5, 500):
        run(meter, clock, infer=infer)
    assert meter.stats()["ms"]["infer"] == 5


def test_a_stage_entered_twice_adds_up() -> None:
    clock = Clock()
    meter = Meter(clock)
    with meter.frame():
        for _ in range(2):
            with meter.stage("infer"):
                clock.now += 3
    assert meter.stats()["ms"] == {"sample": 0, "infer": 6, "compose": 0, "python": 0, "frame": 6}


def test_before_the_first_frame_all_is_zero() -> None:
    stats = Meter(Clock()).stats()
    assert (stats["fps"], stats["frames"], stats["plot"]) == (0, 0, [])
    assert set(stats["ms"].values()) == {0}


def test_a_frame_that_fails_is_not_counted() -> None:
    clock = Clock()
    meter = Meter(clock)
    with pytest.raises(RuntimeError), meter.frame(), meter.stage("infer"):
        clock.now += 99
        raise RuntimeError
    run(meter, clock)
    assert meter.stats()["frames"] == 1
    assert meter.stats()["ms"]["infer"] == 5  # nothing of the failed frame is left over


def test_frames_per_second_are_those_of_the_last_two_seconds() -> None:
    clock = Clock()
    meter = Meter(clock)
    for _ in range(60):
        run(meter, clock)
        clock.now += 40 - 8.5
    assert meter.fps == pytest.approx(25)
    clock.now += 1900
    assert 0 < meter.fps <= 25
    clock.now += 200
    assert meter.fps == 0  # the picture stands still


def test_only_a_window_of_frames_is_kept() -> None:
    clock = Clock()
    meter = Meter(clock)
    for _ in range(WINDOW * 2):
        run(meter, clock, infer=1)
    for _ in range(WINDOW):
        run(meter, clock, infer=7)
    assert (meter.frames, len(meter.stats()["plot"])) == (WINDOW * 3, WINDOW)
    assert meter.stats()["ms"]["infer"] == 7


def test_many_short_stages_are_told_from_one_that_does_not_come_back() -> None:
    clock, reports = Clock(), list[float]()
    meter = Meter(clock)
    meter.on_progress = lambda: reports.append(clock.now)
    for _ in range(100):
        run(meter, clock)
    assert reports == []  # quick frames give no sign: each is done at once
    begin = clock.now
    with meter.frame():
        for ms in (REPORT_INTERVAL, REPORT_INTERVAL / 2, REPORT_INTERVAL / 2, 1, 3 * REPORT_INTERVAL):
            with meter.stage("infer"):
                clock.now += ms
    assert [at - begin for at in reports] == [REPORT_INTERVAL, 2 * REPORT_INTERVAL, 5 * REPORT_INTERVAL + 1]
    with meter.stage("infer"):  # a picture that is looked at between two frames
        clock.now += REPORT_INTERVAL
    assert len(reports) == 4


def test_the_median_is_the_middle_or_between_the_two_in_the_middle() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 2.0, 3.0]) == 2.5
    assert median([7.0]) == 7.0
