"""A worker of the page over fakes of the browser, its models loaded: app.page.main.Shell without its start().

Does not judge: test_page_loading.py and test_page_pictures.py do. Only inside tests.support.fakejs.browser().
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from app.tasks.lookalike.user_gallery import embedding_model
from app.worker import effects
from app.worker.protocol import to_worker
from tests.support.fakeengine import FakeEngine
from tests.support.fakejs import JsError, blob
from tests.support.fakepage import Page, row
from tests.support.fakes import CLASSES
from tests.support.update_rows import state

MODEL = embedding_model(CLASSES, 2)
NAMES = b'{"sets": [{"title": "Set"}], "characters": [["Ada", 0], ["Bo", 0]]}'


def of(module: str) -> Any:
    """A module of app.page."""
    return sys.modules[f"app.page.{module}"]


class Visit:
    """A worker of the page that shows pictures on WASM, its task compared with the default gallery."""

    def __init__(self, rows: Iterable[dict[str, Any]] = (), **values: Any) -> None:
        self.page = Page(rows)
        self.page.bytes = self._bytes
        self.page.blob = self._blob
        self.missing: set[str] = set()
        self.shell = of("main").Shell(self.page)
        self.engine = self.shell.engine = FakeEngine()
        self.shell.state = state(**{"phase": "starting", **values})
        self.pictures = self.shell.pictures

    async def load(self) -> None:
        """As Shell.start() does once the models are loaded."""
        await self.pictures.read(self.page.pictures, False)
        caps = replace(self.shell.state.caps, user_pictures=len(self.pictures.gallery.pictures))
        self.shell.state = replace(self.shell.state, caps=caps)
        self.galleries = of("galleries").Galleries(self.page, self.engine, self.engine.task, self.pictures)
        await self.galleries.prepare()
        self.shell.loading.begin(self.engine, self.galleries)
        self.dispatch(effects.EngineLoaded())
        await self.shell.loading.idle()

    async def ready(self) -> None:
        """As Shell.start() does before the first picture; then the page shows the canvas."""
        self.dispatch(effects.EngineReady())
        await self.idle()
        self.dispatch(to_worker.Shown())
        await self.idle()

    def dispatch(self, event: Any) -> Any:
        """A message or an event."""
        return self.shell.dispatch(event)

    def set(self, **settings: Any) -> None:
        """The visitor chooses."""
        for name, value in settings.items():
            self.dispatch(to_worker.SetSetting(name, value))

    async def idle(self) -> None:
        """Until nothing is under way."""
        for _ in range(60):
            await asyncio.sleep(0)

    @property
    def sessions(self) -> list[Any]:
        """What the task compares with."""
        return [gallery.index.session for gallery in self.engine.task.galleries]

    @property
    def notes(self) -> list[str]:
        """The sentences that the visitor has read."""
        return [message["text"] for message in self.page.of("note")]

    @property
    def listed(self) -> Any:
        """The list of pictures that the page shows."""
        return self.page.sent[-1]

    async def _bytes(self, path: str, title: str, size: int) -> Any:
        return await blob(NAMES).arrayBuffer()

    async def _blob(self, path: str, title: str, size: int) -> Any:
        await asyncio.sleep(0)
        if path in self.missing:
            raise JsError("the file is missing")
        return blob(path.encode())


def play(story: Callable[[Visit], Awaitable[None]], visit: Visit) -> None:
    """A story of a worker that has begun."""

    async def whole() -> None:
        await visit.load()
        await visit.ready()
        await story(visit)

    asyncio.run(whole())


def stored(count: int = 1, card: str = MODEL.card) -> list[dict[str, Any]]:
    """Pictures as browser storage has them."""
    return [row(f"id{n}", f"No. {n}", card, array("f", [1, 0])) for n in range(count)]


class Message:
    """A message as JavaScript gives it."""

    def __init__(self, type: str = "", **fields: Any) -> None:
        self.__dict__.update(fields, type=type)

    def to_py(self) -> dict[str, Any]:
        """See Pyodide."""
        return dict(self.__dict__)
