"""The modules that only the browser has, so that app/page can be imported under CPython; a page, an engine.

Do nothing: what matters of JavaScript is tested in the page.
"""

from __future__ import annotations

import asyncio
import json
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

from app.core.gallery import Index
from app.core.geometry import RotatedRect
from tests.support.fakes import CLASSES, FakeSession


class Thing:
    """Any of the browser's objects: it can be made and called, and has whatever is asked of it."""

    def __init__(self, *given: Any) -> None:
        self.given = given

    @classmethod
    def new(cls, *given: Any) -> Thing:
        return cls(*given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Thing(name)

    def __call__(self, *given: Any) -> Any:
        return Thing(*given)


class Js(ModuleType):
    """The module `js`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Thing


class JsError(Exception):
    """The module `pyodide.ffi` has one of its own."""


def _same(value: Any) -> Any:
    return value


@contextmanager
def browser() -> Iterator[None]:
    """While `js` and `pyodide` can be imported; what has imported them is forgotten at the end."""
    before = set(sys.modules)
    ffi = ModuleType("pyodide.ffi")
    vars(ffi).update(
        to_js=lambda value: value, create_proxy=lambda value: value, JsException=JsError, jsnull=None
    )
    fakes = {"js": Js("js"), "pyodide": ModuleType("pyodide"), "pyodide.ffi": ffi}
    sys.modules.update(fakes)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name in fakes or name.startswith("app.page."):
                del sys.modules[name]


class Page(SimpleNamespace):
    """The module `page` of worker.js: notes what is posted, in order."""

    def __init__(self, kept: list[dict[str, Any]] | None = None, **start: Any) -> None:
        super().__init__(manifest='{"backdrops": []}', start=json.dumps(start), canvas=Thing(), own=None)
        self.canvas = SimpleNamespace(width=640, height=480)
        self.kept = SimpleNamespace(to_py=lambda: kept or [])
        self.said: list[dict[str, Any]] = []
        self.sent: list[Any] = []

    def post(self, text: str) -> None:
        self.said.append(json.loads(text))

    def send(self, message: Any) -> None:
        self.sent.append(message)

    def last(self, type: str) -> dict[str, Any]:
        """The last message of a type. IndexError where there was none."""
        return [message for message in self.said if message["type"] == type][-1]

    def types(self) -> list[str]:
        return [message["type"] for message in self.said]


class Bitmap(SimpleNamespace):
    """A picture that counts how often it was closed."""

    def __init__(self) -> None:
        super().__init__(width=64, height=64, closed=0)

    def close(self) -> None:
        self.closed += 1


class FakeTask:
    """Says what it was told to, and sees of a picture what it was told to, once it may."""

    def __init__(self) -> None:
        self.said: Any = None
        self.may = asyncio.Event()
        self.may.set()

    async def embed(self, frame: Any) -> Any:
        await self.may.wait()
        return array("f", [3, 4]), RotatedRect(1, 1, 2, 2)


class FakeEngine(SimpleNamespace):
    """The classifier with a gallery's index; `opened` are the sessions of those that were loaded since."""

    def __init__(self) -> None:
        super().__init__(task=FakeTask(), opened=[], broken="", warmed=0)
        self.pipeline = SimpleNamespace(runtime_lock=asyncio.Lock(), task=self.task)
        self.first = FakeSession()
        indexes = [Index("characters", 100, self.first)]
        self.auxiliary = {"classifier": SimpleNamespace(card=CLASSES, session=FakeSession(), indexes=indexes)}
        self.runtime = SimpleNamespace(wrap=lambda *given: given)
        self.compositor = SimpleNamespace(image="")

    async def index(self, gallery: Any) -> Index:
        if gallery.id == self.broken:
            raise RuntimeError("the file is missing")
        self.opened.append(FakeSession())
        return Index(gallery.id, gallery.count, self.opened[-1])

    async def warm(self) -> None:
        self.warmed += 1
