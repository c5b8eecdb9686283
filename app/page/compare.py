"""The galleries of a worker: loaded while the picture goes on; and the answers told to page.js.

Does not compare: the task does. Does not draw the answers: page.js does.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from js import Float32Array, OffscreenCanvas, Uint8Array
from pyodide.ffi import to_js

from app.core import messages
from app.core.frame import Frame
from app.core.gallery import OWN, Gallery, Index
from app.page.engine import Engine
from app.page.runtime import fetched
from app.tasks import TASKS
from app.tasks.lookalike.answers import Character, Names, named
from app.tasks.lookalike.user_gallery import MOST, EmbeddingModel, UserGallery, embedding_model

if TYPE_CHECKING:
    from app.page.start import Worker


class Comparison:
    """What a worker compares faces with, and what it has told."""

    def __init__(self, own: UserGallery, picks: dict[int, str]) -> None:
        self.own = own
        self.seer: EmbeddingModel | None = None  # of this worker's pictures, once it has seen one
        self.gallery = ""  # the Settings', once it is compared with
        self.names: dict[str, Names] = {}
        self.picks = picks  # a face's id, 0 for all together -> the key the visitor picked
        self.source = 0  # whose faces they are, see Lookalike.said
        self.told: dict[str, Any] = {}  # the last answers
        self.due = False
        self.following: asyncio.Future[None] | None = None


def compares(task: str) -> bool:
    """Whether a task compares with galleries."""
    return "gallery" in TASKS[task].requires


def show_galleries(worker: Worker) -> None:
    """Bring the galleries that the Settings wants; who is at it already looks again when it is done."""
    state, engine = worker.comparison, worker.engine
    state.due = True
    idle = state.following is None or state.following.done()
    if idle and engine is not None and "classifier" in engine.auxiliary:
        state.following = asyncio.ensure_future(_follow(worker, engine))


async def _follow(worker: Worker, engine: Engine) -> None:
    state = worker.comparison
    while state.due:
        with worker.patience():
            try:
                await bring(worker, engine)
            except Exception as error:  # the picture goes on, with the gallery there was
                worker.panel.note(messages.GALLERY.format(why=messages.brief(error)))
                worker.settings = replace(worker.settings, gallery=state.gallery)
                worker.tell()
        worker.panel.post("again")


async def bring(worker: Worker, engine: Engine) -> None:
    """The indexes and the names of the galleries wanted; what is not wanted any more is given back.

    Raises Corrupt, RuntimeError or ValueError, with the reason in a few words.
    """
    state, classifier = worker.comparison, engine.auxiliary["classifier"]
    state.due, wish = False, worker.settings.gallery
    have = {index.gallery: index for index in classifier.indexes}
    indexes, names = [], {}
    try:
        for gallery in worker.caps.selected_galleries(worker.settings):
            if gallery.id == OWN and not (state.seer and state.own.of(state.seer)):
                continue  # all were seen by another classifier, and are looked at again
            index = have.get(gallery.id) or await engine.index(gallery)
            have[gallery.id] = index
            if gallery.id == OWN and state.seer:
                index, names[OWN] = _own(engine, gallery, index, state.own, state.seer)
            else:
                names[gallery.id] = state.names.get(gallery.id) or await _names(worker, gallery)
            indexes.append(index)
        async with engine.pipeline.runtime_lock:
            classifier.indexes[:] = indexes
        state.names, state.gallery = names, wish
    finally:  # what is not wanted any more; where one could not be had, those that were opened for it
        kept = [index.session for index in classifier.indexes]
        async with engine.pipeline.runtime_lock:
            for index in have.values():
                if not any(index.session is session for session in kept):
                    await index.session.close()


async def prepare(worker: Worker, engine: Engine) -> None:
    """The galleries; and what comes after the models, once on a black picture: a GPU compiles for seconds."""
    frame = Frame(OffscreenCanvas.new(64, 64), 64, 64, is_photo=True)
    seen = await engine.pipeline.task.embed(frame)
    if seen is None:  # the task compares nothing
        return
    features, classifier = seen[0], engine.auxiliary["classifier"]
    session, wide = classifier.session, len(classifier.session.numbers(features))
    worker.comparison.seer = embedding_model(classifier.card, wide)
    await bring(worker, engine)
    for index in classifier.indexes:
        await index.nearest(features, session.blank((1, wide)), session.tensor([0.0], (1,)))


async def _names(worker: Worker, gallery: Gallery) -> Names:
    js_names = await fetched(worker.page, gallery.names.path, gallery.title, gallery.names.bytes)
    return Names.read(gallery, bytes(js_names.to_bytes()))


def _own(
    engine: Engine, gallery: Gallery, index: Index, own: UserGallery, embedding_model: EmbeddingModel
) -> tuple[Index, Names]:
    """The visitor's own pictures as they are now; the index's session stays."""
    pictures = own.of(embedding_model)
    rows = [Character(each.name, gallery.title) for each in pictures.values()]
    names = Names(gallery, rows, list(pictures))
    js_rows = Float32Array.new(Uint8Array.new(to_js(own.matrix(embedding_model))).buffer)
    feeds = {"gallery": engine.runtime.wrap("float32", js_rows, (MOST, embedding_model.wide))}
    return Index(OWN, len(pictures), index.session, feeds), names


def answer(worker: Worker) -> None:
    """After a frame: what the task has said since, for the page."""
    said = worker.engine.pipeline.task.said if worker.engine else None
    if said is None:
        return
    state = worker.comparison
    if said["source"] != state.source:  # other faces, though they may have the same ids
        state.source, state.picks = said["source"], {}
    tell(worker, named(said, state.names, worker.settings.mirror))


def tell(worker: Worker, told: dict[str, Any]) -> None:
    """The answers, with what is the same whatever face they are of."""
    state = worker.comparison
    ids = [face["id"] for face in told["faces"]]
    state.picks = {id: key for id, key in state.picks.items() if id in (0, *ids)}
    state.told = told
    worker.panel.post(
        "answers",
        **told,
        picked=state.picks,
        hint=messages.HINT,
        titles={0: messages.TOGETHER, **{id: messages.FACE.format(id=id) for id in ids}},
        picture=[worker.page.canvas.width, worker.page.canvas.height],
    )


def pick(worker: Worker, face: int, key: str) -> None:
    """The visitor likes one of a face's five best, which another worker may have told them."""
    worker.comparison.picks[face] = key
    worker.plan()
    if worker.comparison.told:
        tell(worker, worker.comparison.told)


def share(worker: Worker, face: int) -> None:
    """The visitor wants a picture of a face beside its character: the one picked, else the first."""
    told, key = worker.comparison.told, worker.comparison.picks.get(face)
    if not told or not told["faces"]:
        return
    one = next((each for each in told["faces"] if each["id"] == face), None)
    five = one["five"] if one else told["together"]
    row = next((each for each in five if each["key"] == key), five[0] if five else None)
    if row is not None:
        boxes = [one["box"]] if one else [each["box"] for each in told["faces"]]
        worker.panel.post("share", row=row, boxes=boxes, words=messages.SHARE, name="vitrine-lookalike.png")
