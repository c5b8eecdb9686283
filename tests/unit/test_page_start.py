"""The start of a worker of the page, over fakes of the browser, up to the first picture and where it fails.

Does not run a model and does not open a browser: tests/page does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from app.core import card, gallery, messages
from app.core.events import Caption
from tests.support.fakeengine import FakeEngine
from tests.support.fakejs import Bitmap, blob, browser
from tests.support.fakepage import Page
from tests.support.fakes import LIKE
from tests.support.visit import NAMES, of, stored

MANIFEST = {
    "models": [card.to_dict(each) for each in LIKE.cards],
    "galleries": [gallery.to_dict(each) for each in LIKE.galleries],
    "backdrops": [{"id": "study", "title": "Study", "path": "study.jpg", "bytes": 1}],
}


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    with browser():
        import_module("app.page.main")
        yield


class Start:
    """A worker that is started; its Engine is a fake, or what its loading raises."""

    def __init__(self, engine: Any, monkeypatch: pytest.MonkeyPatch, **handover: Any) -> None:
        async def load(*given: Any) -> Any:
            if isinstance(engine, Exception):
                raise engine
            return engine

        async def fetched(*given: Any) -> Any:
            return await blob(NAMES).arrayBuffer()

        async def drawn(path: str, title: str, size: int) -> Any:
            return blob(path.encode())

        monkeypatch.setattr(of("main"), "Engine", SimpleNamespace(load=load))
        monkeypatch.setattr(of("galleries"), "fetched", fetched)
        self.page = Page(stored(2), **handover)
        self.page.manifest = json.dumps(MANIFEST)
        self.page.listen = lambda: self.order.append("listen")
        self.page.done = lambda: self.order.append("done")
        self.page.heap = lambda: 1000
        self.page.blob = drawn
        self.order: list[str] = []
        self.shell = of("main").Shell(self.page)

    async def run(self) -> None:
        """Until nothing more happens."""
        work = asyncio.ensure_future(self.shell.start())
        for _ in range(100):
            await asyncio.sleep(0)
        if work.done():
            work.result()
        else:
            work.cancel()
            if hasattr(self.shell, "ticker"):
                self.shell.ticker.cancel()

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.page.told]


def engine() -> FakeEngine:
    made = FakeEngine()
    made.variant = SimpleNamespace(id="fp16")
    made.compositor.textures = 3
    return made


def test_a_worker_says_what_the_page_needs_and_then_that_it_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Start(engine(), monkeypatch, query="?task=lookalike&background=image&image=study")
    asyncio.run(start.run())
    assert start.types[:4] == ["panel", "source", "plan", "backdrop-video"]
    assert start.order == ["listen"]
    assert start.types.index("ready") > start.types.index("plan")
    assert start.page.last("stats")["memory"] == {"python": 1000}
    fake = start.shell.engine
    assert [row.index.gallery for row in fake.task.galleries] == ["characters"]
    assert [image for _, image in fake.backdrops] == ["study"]
    assert (fake.warmed, fake.rehearsed) == (1, [True])
    assert start.shell.state.caps.user_pictures == 2
    assert [each["name"] for each in start.page.sent[-1].pictures] == ["No. 0", "No. 1"]


def test_a_worker_draws_and_says_what_the_task_has_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def step(frame: Any, settings: Any) -> Any:
        return (Caption("One face is visible."),)

    made = engine()
    made.pipeline.step = step
    start, bitmap = Start(made, monkeypatch), Bitmap()
    flags = {"is_photo": True, "first_of_source": True}
    start.shell.slot.put(SimpleNamespace(picture=bitmap, time=0.0, skipped=0, **flags))
    asyncio.run(start.run())
    assert start.page.last("caption")["text"] == "One face is visible."
    assert (start.order, bitmap.closed) == (["listen", "done"], 1)


def test_where_the_models_fail_the_next_backend_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Start(RuntimeError("out of memory\nat line 3"), monkeypatch, backend="wasm-ort", trials=[])
    asyncio.run(start.run())
    begin = start.page.last("begin")
    assert begin["failed"]
    assert begin["handover"]["notes"] == [
        messages.AGAIN.format(title="WASM (onnxruntime)", why="out of memory")
    ]
    damaged = Start(
        of("main").CorruptFileError("the file is damaged"), monkeypatch, backend="wasm-ort", trials=[]
    )
    asyncio.run(damaged.run())
    assert damaged.page.last("stopped")["text"] == messages.LAST.format(
        title="WASM (onnxruntime)", why="the file is damaged"
    )


def test_where_the_gallery_cannot_be_had_the_next_backend_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    made = engine()
    made.broken = {"characters"}
    start = Start(made, monkeypatch, query="?task=lookalike")
    asyncio.run(start.run())
    assert start.page.last("begin")["handover"]["notes"] == [
        messages.FALLBACK.format(title="WASM", why="the file is missing", next="WASM (onnxruntime)")
    ]
    assert "ready" not in start.types


def test_a_trial_that_is_not_faster_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6, 7))
    monkeypatch.setattr(of("loading"), "now", lambda: float(next(clock)))
    slow = Start(engine(), monkeypatch, backend="webgpu", trials=["webgl"], target_ms=7.7)
    asyncio.run(slow.run())
    assert slow.page.last("declined")["outcome"] == {"trials": ["webgl"], "failed": None, "text": ""}
    assert "ready" not in slow.types
    fast = Start(engine(), monkeypatch, backend="webgpu", trials=["webgl"], target_ms=7.8)
    asyncio.run(fast.run())
    assert "ready" in fast.types


def test_pictures_that_storage_gives_late_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Storage answers after the wait for it is over, and before the browser is probed."""
    start = Start(engine(), monkeypatch)
    monkeypatch.setattr(of("user_pictures"), "PATIENCE", 0.0)
    rows, probed, answer = start.page.store.rows, asyncio.Event(), of("main").probe

    async def slow() -> Any:
        await asyncio.sleep(0.01)
        probed.set()
        return await rows()

    async def probe() -> Any:
        await probed.wait()
        await asyncio.sleep(0.01)
        return await answer()

    vars(start.page.store)["rows"] = slow
    monkeypatch.setattr(of("main"), "probe", probe)

    async def whole() -> None:
        work = asyncio.ensure_future(start.shell.start())
        await asyncio.sleep(0.1)
        work.cancel()

    asyncio.run(whole())
    assert start.shell.state.caps.user_pictures == 2


def test_without_a_model_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Start(engine(), monkeypatch)
    start.shell.manifest["models"] = []
    asyncio.run(start.run())
    assert start.types == ["stopped"]
    assert start.order == []
