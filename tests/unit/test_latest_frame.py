"""LatestFrame, the page's Camera: the newest frame wins, every other is closed. Does not open a camera."""

import asyncio
from types import SimpleNamespace
from typing import Any

from app.core.frame import Frame
from app.run.latest_frame import LatestFrame


class Hand:
    """Puts pictures into a LatestFrame as the page does, and notes the closed ones."""

    def __init__(self) -> None:
        self.slot = LatestFrame()
        self.closed: list[str] = []

    def put(self, name: str, skipped: int = 0, is_photo: bool = False, **size: Any) -> None:
        shape = size or {"width": 640, "height": 480}
        picture = SimpleNamespace(name=name, close=lambda: self.closed.append(name), **shape)
        times = {"time": 40.0, "skipped": skipped}
        self.slot.put(SimpleNamespace(picture=picture, is_photo=is_photo, first_of_source=False, **times))


def test_the_newest_frame_wins_and_the_others_are_closed_once() -> None:
    async def story() -> None:
        hand = Hand()
        for name in "abc":
            hand.put(name)
        frame = await anext(hand.slot.frames())
        assert frame.picture.name == "c"
        assert hand.closed == ["a", "b"]
        assert hand.slot.dropped == 2
        frame.close()
        assert hand.closed == ["a", "b", "c"]

    asyncio.run(story())


def test_a_taken_frame_is_not_closed_by_the_next() -> None:
    async def story() -> None:
        hand = Hand()
        hand.put("a")
        frames = hand.slot.frames()
        first = await anext(frames)
        hand.put("b")
        assert hand.closed == []
        first.close()
        assert (await anext(frames)).picture.name == "b"
        assert (hand.closed, hand.slot.dropped) == (["a"], 0)

    asyncio.run(story())


def test_an_empty_slot_waits() -> None:
    async def story() -> None:
        hand = Hand()
        waiting: asyncio.Task[Frame] = asyncio.create_task(anext(hand.slot.frames()))  # type: ignore[arg-type]
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
        hand.put("a")
        hand.put("b")  # before the waiter has woken
        assert (await waiting).picture.name == "b"
        assert (hand.closed, hand.slot.dropped) == (["a"], 1)

    asyncio.run(story())


def test_what_the_source_skipped_counts_as_dropped() -> None:
    hand = Hand()
    hand.put("a", skipped=3)
    hand.put("b", skipped=2)
    assert hand.slot.dropped == 6


def test_a_video_frame_has_the_size_it_is_displayed_at() -> None:
    async def story() -> None:
        hand = Hand()
        hand.put("a", is_photo=True, displayWidth=320, displayHeight=240, codedWidth=352)
        frame = await anext(hand.slot.frames())
        assert (frame.width, frame.height, frame.time, frame.is_photo) == (320, 240, 40.0, True)

    asyncio.run(story())
