"""Galleries: opens the galleries of a worker while frames continue, and frees those no longer selected.

Does not compare: the task does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from js import OffscreenCanvas

from app.core.characters import LoadedGallery, Names
from app.core.frame import Frame
from app.core.gallery import OWN, Gallery, Index
from app.page.engine import Engine
from app.page.runtime import fetched
from app.page.user_pictures import UserPictures
from app.tasks.base import ComparingTask
from app.tasks.lookalike.user_gallery import embedding_model


class Galleries:
    """The galleries of one ComparingTask."""

    def __init__(self, page: Any, engine: Engine, task: ComparingTask, user: UserPictures) -> None:
        self._page = page
        self._engine = engine
        self._task = task
        self._user = user
        self._opened: dict[str, Index] = {}  # by gallery
        self._names: dict[str, Names] = {}

    async def prepare(self) -> None:
        """Embed a black picture once, because a GPU compiles for seconds at its first run."""
        frame = Frame(OffscreenCanvas.new(64, 64), 64, 64, is_photo=True)
        features, _ = await self._task.embed(frame)
        classifier = self._engine.auxiliary["classifier"]
        size = len(classifier.session.numbers(features))
        self._user.begin(self._engine, embedding_model(classifier.card, size))
        self._features = features

    async def warm(self) -> None:
        """Run each index once on the features of the black picture."""
        session = self._engine.auxiliary["classifier"].session
        blank = session.blank((1, len(session.numbers(self._features))))
        for gallery in self._task.galleries:
            await gallery.index.nearest(self._features, blank, session.tensor([0.0], (1,)))

    async def load(self, wanted: Sequence[Gallery]) -> None:
        """Compare with these from now on.

        Raises CorruptFileError, RuntimeError or ValueError, with the reason; then nothing has changed.
        """
        before = dict(self._opened)
        loaded: list[LoadedGallery] = []
        try:
            for gallery in wanted:
                if row := await self._load(gallery):
                    loaded.append(row)
            async with self._engine.pipeline.runtime_lock:
                self._task.galleries = tuple(loaded)
            before = {row.index.gallery: self._opened[row.index.gallery] for row in loaded}
        finally:  # what is not compared with any more; where one could not be had, those opened for it
            unused = [index for id, index in self._opened.items() if before.get(id) is not index]
            self._opened = before
            async with self._engine.pipeline.runtime_lock:
                for index in unused:
                    await index.session.close()

    async def _load(self, gallery: Gallery) -> LoadedGallery | None:
        if gallery.id == OWN and not self._user.embedded:
            return None  # another classifier made all features: they are made anew first
        if gallery.id not in self._opened:
            self._opened[gallery.id] = await self._engine.index(gallery)
        index = self._opened[gallery.id]
        if gallery.id == OWN:
            return self._user.loaded(gallery, index)
        if gallery.id not in self._names:
            js_names = await fetched(self._page, gallery.names.path, gallery.title, gallery.names.bytes)
            self._names[gallery.id] = Names.read(gallery, bytes(js_names.to_bytes()))
        return LoadedGallery(index, self._names[gallery.id])
