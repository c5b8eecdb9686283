"""LatestFrame, the page's slot: the newest frame wins, every other is closed. Does not open a camera."""

import asyncio
from types import SimpleNamespace
from typing import Any

from app.core.frame import Frame
from app.run.latest_frame import LatestFrame


class Hand:
    """Puts pictures into a LatestFrame as the page does; a step waits for `gate`, if there is one."""

    def __init__(self) -> None:
        self.slot = LatestFrame()
        self.closed: list[str] = []
        self.seen: list[Frame] = []
        self.failed: list[str] = []
        self.gate: asyncio.Event | None = None
        self.bad = ""

    def put(self, name: str, skipped: int = 0, is_photo: bool = False, **size: Any) -> Any:
        shape = size or {"width": 640, "height": 480}
        picture = SimpleNamespace(name=name, close=lambda: self.closed.append(name), **shape)
        times = {"time": 40.0, "skipped": skipped}
        message = SimpleNamespace(picture=picture, is_photo=is_photo, first_of_source=False, **times)
        return self.slot.put(message)

    async def step(self, frame: Frame) -> None:
        self.seen.append(frame)
        name = frame.picture.name
        if self.gate is not None:
            await self.gate.wait()
        frame.close()
        if name == self.bad:
            raise RuntimeError(f"{name} failed")

    def begin(self) -> None:
        self.slot.begin(self.step, lambda error: self.failed.append(str(error)))


async def idle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_before_the_first_step_the_newest_frame_wins_and_the_others_are_closed() -> None:
    async def story() -> None:
        hand = Hand()
        for name in "abc":
            assert hand.put(name) is None
        assert (hand.closed, hand.slot.dropped) == (["a", "b"], 2)
        hand.begin()
        await idle()
        assert hand.closed == ["a", "b", "c"]
        assert len(hand.seen) == 1

    asyncio.run(story())


def test_one_step_runs_at_a_time_and_the_newest_frame_follows() -> None:
    async def story() -> None:
        hand = Hand()
        hand.begin()
        hand.gate = asyncio.Event()
        running = hand.put("a")
        await idle()
        for name in "bcd":
            assert hand.put(name) is running
        assert (hand.closed, hand.slot.dropped) == (["b", "c"], 2)
        hand.gate.set()
        await running
        await idle()
        assert hand.closed == ["b", "c", "a", "d"]
        assert len(hand.seen) == 2

    asyncio.run(story())


def test_a_failed_step_is_reported_once_and_ends_the_slot() -> None:
    async def story() -> None:
        hand = Hand()
        hand.bad = "a"
        hand.begin()
        for name in "ab":
            hand.put(name)
            await idle()
        assert hand.failed == ["a failed"]
        assert len(hand.seen) == 1

    asyncio.run(story())


def test_what_the_source_skipped_counts_as_dropped() -> None:
    hand = Hand()
    hand.put("a", skipped=3)
    hand.put("b", skipped=2)
    assert hand.slot.dropped == 6


def test_a_video_frame_has_the_size_it_is_displayed_at() -> None:
    async def story() -> None:
        hand = Hand()
        hand.gate = asyncio.Event()
        hand.begin()
        hand.put("a", is_photo=True, displayWidth=320, displayHeight=240, codedWidth=352)
        await idle()
        (frame,) = hand.seen
        assert (frame.width, frame.height, frame.time, frame.is_photo) == (320, 240, 40.0, True)

    asyncio.run(story())
