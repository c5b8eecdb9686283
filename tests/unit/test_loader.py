"""Loader: the newest request wins, one load at a time, and a failure leaves what was loaded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.worker.loader import Loader


class Shelf:
    """What a Loader over it does; a load waits until it may, and fails where it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.under_way = 0
        self.busy = 0
        self.may = asyncio.Event()
        self.fails: set[str] = set()
        self.failures: list[str] = []
        self.then: Callable[[], object] = lambda: None
        self.loader = Loader(self.load, self.failed, self.change, "nothing")

    async def load(self, request: str) -> None:
        self.calls.append(request)
        self.under_way += 1
        assert self.under_way == 1, "one at a time"
        assert self.busy == 1
        try:
            await self.may.wait()
            await asyncio.sleep(0)
            if request in self.fails:
                raise RuntimeError(f"no {request}")
        finally:
            self.under_way -= 1

    def failed(self, error: Exception) -> None:
        self.failures.append(str(error))
        self.then()

    def change(self, change: int) -> None:
        self.busy += change

    async def begun(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)


def play(story: Callable[[Shelf], Awaitable[None]]) -> None:
    """A story, at whose end nothing is under way."""

    async def whole() -> None:
        shelf = Shelf()
        await story(shelf)
        await shelf.loader.idle()
        assert (shelf.under_way, shelf.busy) == (0, 0)

    asyncio.run(asyncio.wait_for(whole(), 5))


def test_what_is_loaded_is_not_loaded_again() -> None:
    async def story(shelf: Shelf) -> None:
        shelf.may.set()
        shelf.loader.request("nothing")
        await shelf.loader.idle()
        for _ in range(2):
            shelf.loader.request("a")
            await shelf.loader.idle()
        assert (shelf.calls, shelf.loader.loaded) == (["a"], "a")

    play(story)


def test_the_newest_request_wins_and_one_that_has_not_begun_is_forgotten() -> None:
    async def story(shelf: Shelf) -> None:
        shelf.loader.request("a")
        await shelf.begun()
        shelf.loader.request("b")
        shelf.loader.request("c")
        assert [shelf.loader.wanted(each) for each in "abc"] == [False, False, True]
        assert shelf.loader.loaded == "nothing"
        shelf.may.set()
        await shelf.loader.idle()
        assert (shelf.calls, shelf.loader.loaded) == (["a", "c"], "c")

    play(story)


def test_a_request_taken_back_before_it_begins_does_nothing() -> None:
    async def story(shelf: Shelf) -> None:
        shelf.loader.request("a")
        shelf.loader.request("nothing")
        await shelf.loader.idle()
        assert shelf.calls == []

    play(story)


def test_what_was_loaded_is_loaded_again_after_another() -> None:
    async def story(shelf: Shelf) -> None:
        shelf.loader.request("a")
        await shelf.begun()
        shelf.loader.request("nothing")
        shelf.may.set()
        await shelf.loader.idle()
        assert (shelf.calls, shelf.loader.loaded) == (["a", "nothing"], "nothing")

    play(story)


def test_a_failure_is_told_and_leaves_what_was_loaded() -> None:
    async def story(shelf: Shelf) -> None:
        shelf.may.set()
        shelf.fails = {"a"}
        shelf.loader.request("a")
        await shelf.loader.idle()
        assert (shelf.failures, shelf.loader.loaded) == (["no a"], "nothing")
        assert shelf.loader.wanted("nothing")

    play(story)


def test_a_failure_that_nobody_waits_for_is_not_told() -> None:
    async def story(shelf: Shelf) -> None:
        shelf.fails = {"a"}
        shelf.loader.request("a")
        await shelf.begun()
        shelf.loader.request("b")
        shelf.may.set()
        await shelf.loader.idle()
        assert (shelf.failures, shelf.calls, shelf.loader.loaded) == ([], ["a", "b"], "b")

    play(story)


def test_after_a_failure_in_between_what_was_loaded_is_loaded_again() -> None:
    """The load that failed may have given it back."""

    async def story(shelf: Shelf) -> None:
        shelf.fails = {"a"}
        shelf.loader.request("a")
        await shelf.begun()
        shelf.loader.request("nothing")  # what is loaded
        shelf.may.set()
        await shelf.loader.idle()
        assert (shelf.failures, shelf.calls, shelf.loader.loaded) == ([], ["a", "nothing"], "nothing")

    play(story)


def test_who_asks_again_for_what_failed_asks_in_vain_until_there_was_another_request() -> None:
    async def story(shelf: Shelf) -> None:
        shelf.may.set()
        shelf.fails = {"a"}
        shelf.then = lambda: shelf.loader.request("a")  # would never end
        shelf.loader.request("a")
        await shelf.loader.idle()
        shelf.loader.request("a")
        await shelf.loader.idle()
        assert (shelf.failures, shelf.calls) == (["no a"], ["a"])
        shelf.fails, shelf.then = set(), lambda: None
        shelf.loader.request("nothing")
        shelf.loader.request("a")
        await shelf.loader.idle()
        assert (shelf.calls, shelf.loader.loaded) == (["a", "a"], "a")

    play(story)


def test_another_request_that_a_failure_brings_about_is_loaded() -> None:
    async def story(shelf: Shelf) -> None:
        shelf.may.set()
        shelf.fails = {"a"}
        shelf.then = lambda: shelf.loader.request("b")
        shelf.loader.request("a")
        await shelf.loader.idle()
        assert (shelf.calls, shelf.loader.loaded) == (["a", "b"], "b")

    play(story)


def test_idle_waits_for_what_is_requested_meanwhile() -> None:
    async def story(shelf: Shelf) -> None:
        await shelf.loader.idle()  # nothing was ever requested
        shelf.loader.request("a")
        waiting = asyncio.ensure_future(shelf.loader.idle())
        await shelf.begun()
        assert not waiting.done()
        shelf.loader.request("b")
        shelf.may.set()
        await waiting
        assert shelf.loader.loaded == "b"

    play(story)
