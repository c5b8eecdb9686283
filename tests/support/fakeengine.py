"""A stand-in for app.page.engine.Engine with a task that compares: what is opened and closed is noted.

Runs no model.
"""

from __future__ import annotations

import asyncio
from array import array
from types import SimpleNamespace
from typing import Any

from app.core.characters import LoadedGallery
from app.core.gallery import Gallery, Index
from app.core.geometry import RotatedRect
from tests.support.fakes import CLASSES, FakeSession

FEATURES = array("f", [3, 4])


class FakeTask:
    """Gives of a picture the features it was told to, once it may."""

    def __init__(self) -> None:
        self.galleries: tuple[LoadedGallery, ...] = ()
        self.features = FEATURES
        self.embedded = 0
        self.may = asyncio.Event()
        self.may.set()

    async def embed(self, frame: Any) -> tuple[array[float], RotatedRect]:
        """See ComparingTask."""
        await self.may.wait()
        self.embedded += 1
        return self.features, RotatedRect(1, 1, 2, 2)


class FakeEngine(SimpleNamespace):
    """`broken`: the galleries, and overlays, that cannot be had. `opened`: (gallery, session), in order."""

    def __init__(self) -> None:
        task = FakeTask()
        super().__init__(
            task=task, comparing=task, broken=set(), opened=[], warmed=0, kept=[], threads=1, rehearsed=[]
        )
        self.pipeline = SimpleNamespace(runtime_lock=asyncio.Lock(), task=task, overlay=None, failed=None)
        self.pipeline.economy = SimpleNamespace(reused=0.0, level=0)
        self.auxiliary = {"classifier": SimpleNamespace(card=CLASSES, session=FakeSession())}
        self.runtime = SimpleNamespace(wrap=lambda *given: given)
        self.backdrops: list[Any] = []
        self.covers: list[Any] = []
        self.compositor = SimpleNamespace(
            backdrop=lambda *given: self.backdrops.append(given), cover=self.covers.append
        )

    async def index(self, gallery: Gallery) -> Index:
        """A gallery's index."""
        await asyncio.sleep(0)
        if gallery.id in self.broken:
            raise RuntimeError("the file is missing")
        session = FakeSession({"seen": FEATURES, "which": array("f", [0]), "likeness": array("f", [0.5])})
        self.opened.append((gallery.id, session))
        return Index(gallery.id, gallery.count, session)

    async def overlay(self, kind: Any, card: Any, auxiliary: Any) -> Any:
        """An overlay of a card."""
        await asyncio.sleep(0)
        if card.id in self.broken:
            raise RuntimeError("the file is missing")
        return f"overlay {card.id}"

    async def keep(self, cards: Any) -> None:
        """Notes what is kept."""
        self.kept.append([card.id for card in cards])

    async def rehearse(self, go_on: Any) -> None:
        """Notes whether no frame was there."""
        self.rehearsed.append(go_on())

    async def warm(self) -> None:
        """Notes the runs."""
        self.warmed += 1
