"""The visitor's own pictures in a worker: what is kept of each is made here, from the picture to the numbers.

Does not keep them: page.js does, in the browser's own store, and bounds a file before Python has it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from js import Blob, Object, OffscreenCanvas, Uint8Array
from pyodide.ffi import to_js

from app.core import messages
from app.core.card import Input
from app.core.frame import Frame
from app.core.geometry import Affine2D, RotatedRect, to_frame
from app.page.canvas import dom_matrix
from app.page.compare import show_galleries
from app.page.engine import Engine
from app.panel.available import settled
from app.tasks.lookalike.user_gallery import (
    BOUNDS,
    FILE,
    FULL,
    MOST,
    SIDE,
    Picture,
    Refused,
    UserGallery,
    exported,
    picture,
)

if TYPE_CHECKING:
    from app.page.start import Worker

SQUARE = Input(SIDE, SIDE, "stretch")


class Keeping:
    """What a worker has been asked to look at."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, str, Any]] = []  # asked, name, picture
        self.working: asyncio.Future[None] | None = None


def describe(worker: Worker) -> None:
    """What page.js has to know of own pictures, and which of them have to be looked at again."""
    worker.panel.post("own", bounds=BOUNDS, most=MOST, file=FILE, busy=messages.BUSY)
    _stale(worker)


def _stale(worker: Worker) -> None:
    state = worker.comparison
    if state.seer and (ids := state.own.stale(state.seer)):
        worker.panel.post("own-stale", ids=ids)


def add(worker: Worker, asked: str, name: str, picture: Any) -> None:
    """A picture of the visitor's own; `asked` comes back with the answer. Of one kept already: its id."""
    worker.keeping.waiting.append((asked, name, picture))
    work(worker)


def work(worker: Worker) -> None:
    """Look at what waits, one after another, once there is something to look with."""
    keeping = worker.keeping
    if worker.engine is not None and (keeping.working is None or keeping.working.done()):
        keeping.working = asyncio.ensure_future(_work(worker, worker.engine))


async def _work(worker: Worker, engine: Engine) -> None:
    while worker.keeping.waiting:
        asked, name, js_picture = worker.keeping.waiting.pop(0)
        frame = Frame(js_picture, js_picture.width, js_picture.height, is_photo=True, close=js_picture.close)
        try:
            await _take(worker, engine, asked, name, frame)
        except Exception as error:  # whatever it was, the next one may be had
            worker.panel.note(messages.PICTURE.format(name=name, why=messages.brief(error)))
            worker.panel.post("own-gone", asked=asked)
        finally:
            frame.close()


async def _take(worker: Worker, engine: Engine, asked: str, name: str, frame: Frame) -> None:
    """The surest face of a picture, or its middle: cut out, seen, kept. Raises Refused or RuntimeError."""
    state = worker.comparison
    known = state.own.pictures.get(asked)
    if known is None and len(state.own.pictures) >= MOST:
        raise Refused(FULL)
    async with engine.pipeline.runtime_lock:
        seen = await engine.pipeline.task.embed(frame)
        if seen is None or state.seer is None:
            raise RuntimeError(messages.NO_TASK)
        features, roi = seen
        numbers = engine.auxiliary["classifier"].session.numbers(features)
        js_thumb: Any = None if known else await thumb(frame, roi)
    if known and asked not in state.own.pictures:  # taken away meanwhile
        worker.panel.post("own-gone", asked=asked)
        return
    made = picture(name, state.seer.card, numbers.tobytes())
    id = asked if known else _id(bytes((await js_thumb.arrayBuffer()).to_bytes()))
    _keep(worker, id, made, js_thumb, asked)
    changed(worker)


def kept(worker: Worker, pictures: list[dict[str, Any]]) -> None:
    """What the browser keeps now: it has changed while this worker began."""
    worker.comparison.own = UserGallery(pictures)
    changed(worker)
    _stale(worker)


def read(worker: Worker, text: str) -> None:
    """The file that the visitor exported once, or another visitor did."""
    own = worker.comparison.own
    try:
        found = {_id(data): (made, data) for made, data in exported(text, worker.comparison.seer)}
        if len(own.pictures.keys() | found.keys()) > MOST:
            raise Refused(FULL)
    except Refused as refused:
        worker.panel.note(str(refused))
        return
    for id, (made, data) in found.items():
        _keep(worker, id, made, Blob.new([Uint8Array.new(to_js(data))]))
    changed(worker)
    describe(worker)


def remove(worker: Worker, id: str) -> None:
    """The visitor took one away; it may wait to be looked at again."""
    keeping = worker.keeping
    for asked, _, js_picture in [row for row in keeping.waiting if row[0] == id]:
        js_picture.close()
        worker.panel.post("own-gone", asked=asked)
    keeping.waiting = [row for row in keeping.waiting if row[0] != id]
    if worker.comparison.own.pictures.pop(id, None):
        changed(worker)


def changed(worker: Worker) -> None:
    """The panel and the index follow; without pictures of one's own another gallery is compared with."""
    worker.caps = replace(worker.caps, user_pictures=len(worker.comparison.own.pictures))
    worker.settings = settled(worker.settings, worker.caps)
    worker.tell()
    show_galleries(worker)


def _keep(worker: Worker, id: str, made: Picture, js_thumb: Any, asked: str = "") -> None:
    """In Python, and by page.js in the browser's store."""
    worker.comparison.own.put(id, made)
    js_features = Uint8Array.new(to_js(made.features.tobytes()))
    fields = {"type": "own-made", "asked": asked, "id": id, "name": made.name, "card": made.card}
    pairs = [*fields.items(), ("features", js_features), ("thumb", js_thumb)]
    worker.page.send(Object.fromEntries(to_js([list(pair) for pair in pairs])))


def _id(thumb: bytes) -> str:
    """The same picture is kept once, wherever it comes from."""
    return sha256(thumb).hexdigest()[:24]


async def thumb(frame: Frame, roi: RotatedRect) -> Any:
    """What a square region shows, as a Blob: a JPEG of SIDE x SIDE."""
    draw = OffscreenCanvas.new(SIDE, SIDE).getContext("2d")
    inverse = dom_matrix(to_frame(frame.width, frame.height, SQUARE, roi)).inverse()
    draw.fillRect(0, 0, SIDE, SIDE)
    draw.setTransform(dom_matrix(Affine2D(SIDE, 0, 0, 0, SIDE, 0)).multiply(inverse))
    draw.drawImage(frame.picture, 0, 0, 1, 1)
    how = Object.fromEntries(to_js([["type", "image/jpeg"], ["quality", 0.85]]))
    return await draw.canvas.convertToBlob(how)
