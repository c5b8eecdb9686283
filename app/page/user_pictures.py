"""The visitor's own pictures in a worker: added, compared with, stored in the browser, exported and imported.

Does not check what comes from storage or a file: app/tasks/lookalike/user_gallery.py does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from js import Blob, Float32Array, Object, Uint8Array, createImageBitmap
from pyodide.ffi import JsException, to_js

from app.core import messages
from app.core.characters import Character, LoadedGallery, Names
from app.core.errors import UserError
from app.core.frame import Frame
from app.core.gallery import OWN, Gallery, Index
from app.core.geometry import RotatedRect
from app.core.settings import MAX_FILE_MB, MAX_MEGAPIXELS
from app.page.engine import Engine
from app.page.picture_store import PictureStore
from app.page.thumbnail import thumbnail
from app.tasks.lookalike import user_gallery
from app.tasks.lookalike.user_gallery import EmbeddingModel, Picture, UserGallery
from app.worker.protocol.browser import UserPicture
from app.worker.protocol.to_page import Download, Note, Pictures
from app.worker.protocol.to_worker import PictureAdded, PictureRemoved, PicturesImported

PATIENCE = 1.0  # seconds that a start waits for storage; later rows are published when they arrive
LONG_PATIENCE = 10.0  # where the address asks for the visitor's pictures


class UserPictures:
    """`post` sends a message to the page; `changed` is called with the number of pictures."""

    def __init__(self, page: Any, post: Callable[[Any], object], changed: Callable[[int], object]) -> None:
        self._store = PictureStore(page.store)
        self._post = post
        self._changed = changed
        self.gallery = UserGallery()
        self._reported: dict[str, Picture] = {}  # the pictures of the last call of `changed`
        self._thumbnails: dict[str, Any] = {}  # id -> Blob
        self._stored: set[str] = set()
        self._removed: set[str] = set()  # in this worker
        self._waiting = 0  # pictures that are still worked on
        self._lock = asyncio.Lock()  # one picture at a time
        self._engine: Engine | None = None
        self._model: EmbeddingModel | None = None  # the task's; None where it compares nothing
        self._shown = False
        self._stale: list[str] = []  # ids of the pictures whose features are being made anew

    def begin(self, engine: Engine, model: EmbeddingModel) -> None:
        """Pictures can be compared from now on."""
        self._engine, self._model = engine, model

    async def read(self, js_unstored: Any, patient: bool) -> None:
        """Read storage for a limited time, and add what it does not hold. `changed` reports later rows."""
        for js_row in js_unstored:
            self._put(js_row.id, js_row.name, js_row.thumbnail, None)
        reading = asyncio.ensure_future(self._read())
        done, _ = await asyncio.wait([reading], timeout=LONG_PATIENCE if patient else PATIENCE)
        if not done:
            self._late = asyncio.ensure_future(self._read_late(reading))
        self._reported = dict(self.gallery.pictures)

    async def _read_late(self, reading: asyncio.Future[None]) -> None:
        await reading
        self._report()
        await self._update()

    async def refresh(self) -> None:
        """This worker is on the screen now: read storage again, then embed stale pictures again."""
        self._shown = True
        await self._read_late(asyncio.ensure_future(self._read()))

    async def _read(self) -> None:
        rows = await self._store.rows()
        if rows is None:
            return  # the pictures live as long as the page
        # A row may have been read before the visitor removed it.
        rows = [row for row in rows if row[0] not in self._removed]
        for id, added, js_thumbnail in rows:
            self._put(id, added.name, js_thumbnail, added)
        ids = {id for id, *_ in rows}
        for gone in self._stored - ids:
            self._forget(gone)
        self._stored = ids

    def _put(self, id: str, name: str, js_thumbnail: Any, added: Picture | None) -> None:
        try:
            self.gallery.put(id, added or Picture(user_gallery.short(name), "", user_gallery.NO_FEATURES))
        except UserError:
            return
        self._thumbnails[id] = js_thumbnail

    def _forget(self, id: str) -> None:
        self.gallery.pictures.pop(id, None)
        self._thumbnails.pop(id, None)
        self._stale = [stale for stale in self._stale if stale != id]

    def _report(self) -> None:
        """The pictures may have changed."""
        if self.gallery.pictures != self._reported:
            self._reported = dict(self.gallery.pictures)
            self._changed(len(self._reported))
        self.publish()

    def publish(self) -> None:
        """Send the list to the page."""
        pictures = tuple(
            UserPicture(id, each.name, self._thumbnails[id], id in self._stored)
            for id, each in self.gallery.pictures.items()
        )
        busy = self._waiting + len(self._stale)
        bounds = user_gallery.PHOTO, MAX_FILE_MB, MAX_MEGAPIXELS, user_gallery.FILE
        self._post(Pictures(pictures, busy, messages.BUSY, *bounds))

    async def change(self, message: PictureAdded | PictureRemoved | PicturesImported) -> None:
        """Carry out the visitor's change. Ends when it is stored, or when a note says why it is not."""
        if isinstance(message, PictureRemoved):
            await self._remove(message.id)
        elif isinstance(message, PicturesImported):
            await self._import(message.file)
        else:
            js_picture = message.picture
            frame = _photo(js_picture)
            await self._work(message.name, partial(self._add, message.name, frame), frame)

    async def _update(self) -> None:
        """Embed the pictures again whose features another classifier made, while this worker is shown."""
        if not self._shown or self._stale or self._model is None:
            return
        self._stale = self.gallery.stale(self._model)
        while self._stale:
            id = self._stale.pop(0)
            if (known := self.gallery.pictures.get(id)) is None:
                continue  # removed meanwhile
            try:
                js_picture = await createImageBitmap(self._thumbnails[id])
            except JsException:  # storage gave a damaged image
                self.publish()
                continue
            frame = _photo(js_picture)
            await self._work(known.name, partial(self._embed_again, id, frame), frame)

    async def _work(self, name: str, act: Callable[[], Any], frame: Frame) -> None:
        self._waiting += 1
        self.publish()
        try:
            async with self._lock:
                await act()
        except Exception as error:  # any error: the next picture may succeed
            self._post(Note(messages.PICTURE.format(name=name, why=messages.brief(error))))
        finally:
            frame.close()
            self._waiting -= 1
        self._report()

    async def _add(self, name: str, frame: Frame) -> None:
        """Add the most confident face of a picture, or its middle. Raises UserError or RuntimeError."""
        if len(self.gallery.pictures) >= user_gallery.MOST:
            raise UserError(user_gallery.FULL)
        features, card, roi = await self._embed(frame)
        js_thumbnail = await thumbnail(frame, roi)
        id = user_gallery.picture_id(bytes((await js_thumbnail.arrayBuffer()).to_bytes()))
        await self._store_picture(id, user_gallery.picture(name, card, features), js_thumbnail)

    async def _embed_again(self, id: str, frame: Frame) -> None:
        known = self.gallery.pictures.get(id)
        features, card, _ = await self._embed(frame)
        if known and id in self.gallery.pictures:  # else it was removed meanwhile
            await self._store_picture(
                id, user_gallery.picture(known.name, card, features), self._thumbnails[id]
            )

    async def _embed(self, frame: Frame) -> tuple[bytes, str, RotatedRect]:
        engine, model = self._engine, self._model
        if engine is None or engine.comparing is None or model is None:
            raise RuntimeError(messages.NO_TASK)
        async with engine.pipeline.runtime_lock:
            features, roi = await engine.comparing.embed(frame)
            numbers = engine.auxiliary["classifier"].session.numbers(features)
        return numbers.tobytes(), model.card, roi

    async def _store_picture(self, id: str, added: Picture, js_thumbnail: Any) -> None:
        self._put(id, added.name, js_thumbnail, added)
        self._removed.discard(id)
        if refused := await self._store.put(id, added, js_thumbnail):
            self._post(Note(messages.source("picture", refused)))
        else:
            self._stored.add(id)

    async def _remove(self, id: str) -> None:
        self._forget(id)
        self._removed.add(id)
        self._report()
        if not await self._store.remove(id) and id in self._stored:  # else no copy is left
            self._post(Note(messages.source("picture", "remove")))
        self._stored.discard(id)

    async def _import(self, js_file: Any) -> None:
        try:
            found = user_gallery.from_file(await js_file.text(), self._model)
            rows = {user_gallery.picture_id(data): (added, data) for added, data in found}
            if len(self.gallery.pictures.keys() | rows.keys()) > user_gallery.MOST:
                raise UserError(user_gallery.FULL)
        except UserError as error:
            self._post(Note(str(error)))
            return
        how = Object.fromEntries([["type", "image/jpeg"]])
        for id, (added, data) in rows.items():
            js_thumbnail = Blob.new(to_js([Uint8Array.new(to_js(data))]), how)
            if added.features:
                await self._store_picture(id, added, js_thumbnail)
            else:  # stored once its features are made
                self._put(id, added.name, js_thumbnail, added)
        self._report()
        await self._update()

    async def export(self) -> None:
        """Give the visitor all pictures as one file."""
        rows = []
        for id, added in list(self.gallery.pictures.items()):
            js_buffer = await self._thumbnails[id].arrayBuffer()
            rows.append((added, bytes(js_buffer.to_bytes())))
        how = Object.fromEntries([["type", "application/json"]])
        self._post(Download(Blob.new(to_js([user_gallery.to_file(rows)]), how), messages.EXPORTED_FILE))

    @property
    def embedded(self) -> bool:
        """Whether there are pictures with features of the task's classifier."""
        return self._model is not None and bool(self.gallery.of(self._model))

    def loaded(self, gallery: Gallery, index: Index) -> LoadedGallery | None:
        """The pictures as a gallery; None where none has features of the task's classifier."""
        if self._model is None or self._engine is None or not (pictures := self.gallery.of(self._model)):
            return None
        characters = [Character(each.name, gallery.title) for each in pictures.values()]
        js_rows = Float32Array.new(Uint8Array.new(to_js(self.gallery.matrix(self._model))).buffer)
        shape = user_gallery.MOST, self._model.size
        feeds: Mapping[str, Any] = {"gallery": self._engine.runtime.wrap("float32", js_rows, shape)}
        own = Index(OWN, len(pictures), index.session, feeds)
        return LoadedGallery(own, Names(gallery, characters, [*pictures]))


def _photo(js_picture: Any) -> Frame:
    return Frame(js_picture, js_picture.width, js_picture.height, is_photo=True, close=js_picture.close)
