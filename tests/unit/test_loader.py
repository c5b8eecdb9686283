"""Loader: the newest request wins, one load at a time, and a failure leaves what was loaded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.worker.loader import Loader


class Recorder:
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


def play(story: Callable[[Recorder], Awaitable[None]]) -> None:
    """A story, at whose end nothing is under way."""

    async def whole() -> None:
        recorder = Recorder()
        await story(recorder)
        await recorder.loader.idle()
        assert (recorder.under_way, recorder.busy) == (0, 0)

    asyncio.run(asyncio.wait_for(whole(), 5))


def test_what_is_loaded_is_not_loaded_again() -> None:
    async def story(recorder: Recorder) -> None:
        recorder.may.set()
        recorder.loader.request("nothing")
        await recorder.loader.idle()
        for _ in range(2):
            recorder.loader.request("a")
            await recorder.loader.idle()
        assert (recorder.calls, recorder.loader.loaded) == (["a"], "a")

    play(story)


def test_the_newest_request_wins_and_one_that_has_not_begun_is_forgotten() -> None:
    async def story(recorder: Recorder) -> None:
        recorder.loader.request("a")
        await recorder.begun()
        recorder.loader.request("b")
        recorder.loader.request("c")
        assert [recorder.loader.wanted(each) for each in "abc"] == [False, False, True]
        assert recorder.loader.loaded == "nothing"
        recorder.may.set()
        await recorder.loader.idle()
        assert (recorder.calls, recorder.loader.loaded) == (["a", "c"], "c")

    play(story)


def test_a_request_taken_back_before_it_begins_does_nothing() -> None:
    async def story(recorder: Recorder) -> None:
        recorder.loader.request("a")
        recorder.loader.request("nothing")
        await recorder.loader.idle()
        assert recorder.calls == []

    play(story)


def test_what_was_loaded_is_loaded_again_after_another() -> None:
    async def story(recorder: Recorder) -> None:
        recorder.loader.request("a")
        await recorder.begun()
        recorder.loader.request("nothing")
        recorder.may.set()
        await recorder.loader.idle()
        assert (recorder.calls, recorder.loader.loaded) == (["a", "nothing"], "nothing")

    play(story)


def test_a_failure_is_told_and_leaves_what_was_loaded() -> None:
    async def story(recorder: Recorder) -> None:
        recorder.may.set()
        recorder.fails = {"a"}
        recorder.loader.request("a")
        await recorder.loader.idle()
        assert (recorder.failures, recorder.loader.loaded) == (["no a"], "nothing")
        assert recorder.loader.wanted("nothing")

    play(story)


def test_a_failure_that_nobody_waits_for_is_not_told() -> None:
    async def story(recorder: Recorder) -> None:
        recorder.fails = {"a"}
        recorder.loader.request("a")
        await recorder.begun()
        recorder.loader.request("b")
        recorder.may.set()
        await recorder.loader.idle()
        assert (recorder.failures, recorder.calls, recorder.loader.loaded) == ([], ["a", "b"], "b")

    play(story)


def test_after_a_failure_in_between_what_was_loaded_is_loaded_again() -> None:
    """The load that failed may have given it back."""

    async def story(recorder: Recorder) -> None:
        recorder.fails = {"a"}
        recorder.loader.request("a")
        await recorder.begun()
        recorder.loader.request("nothing")  # what is loaded
        recorder.may.set()
        await recorder.loader.idle()
        assert (recorder.failures, recorder.calls) == ([], ["a", "nothing"])
        assert recorder.loader.loaded == "nothing"

    play(story)


def test_who_asks_again_for_what_failed_asks_in_vain_until_there_was_another_request() -> None:
    async def story(recorder: Recorder) -> None:
        recorder.may.set()
        recorder.fails = {"a"}
        recorder.then = lambda: recorder.loader.request("a")  # would never end
        recorder.loader.request("a")
        await recorder.loader.idle()
        recorder.loader.request("a")
        await recorder.loader.idle()
        assert (recorder.failures, recorder.calls) == (["no a"], ["a"])
        recorder.fails, recorder.then = set(), lambda: None
        recorder.loader.request("nothing")
        recorder.loader.request("a")
        await recorder.loader.idle()
        assert (recorder.calls, recorder.loader.loaded) == (["a", "a"], "a")

    play(story)


def test_another_request_that_a_failure_brings_about_is_loaded() -> None:
    async def story(recorder: Recorder) -> None:
        recorder.may.set()
        recorder.fails = {"a"}
        recorder.then = lambda: recorder.loader.request("b")
        recorder.loader.request("a")
        await recorder.loader.idle()
        assert (recorder.calls, recorder.loader.loaded) == (["a", "b"], "b")

    play(story)


def test_idle_waits_for_what_is_requested_meanwhile() -> None:
    async def story(recorder: Recorder) -> None:
        await recorder.loader.idle()  # nothing was ever requested
        recorder.loader.request("a")
        waiting = asyncio.ensure_future(recorder.loader.idle())
        await recorder.begun()
        assert not waiting.done()
        recorder.loader.request("b")
        recorder.may.set()
        await waiting
        assert recorder.loader.loaded == "b"

    play(story)
