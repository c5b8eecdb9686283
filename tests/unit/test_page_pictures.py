"""The visitor's pictures in a worker of the page, over fakes of the browser: added, stored and removed.

Does not open a browser: tests/page does. Does not check files: test_user_gallery.py does.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from app.core import messages
from app.tasks.lookalike.user_gallery import (
    FULL,
    MOST,
    NO_FEATURES,
    SIDE,
    Picture,
    from_file,
    picture,
    to_file,
)
from app.worker.protocol import to_worker
from tests.support.fakeengine import FEATURES
from tests.support.fakejs import Bitmap, JsError, blob, browser
from tests.support.fakepage import row
from tests.support.visit import MODEL, Message, Visit, of, play, stored

JPEG = b"\xff\xd8\xff\xc0\x00\x11\x08" + SIDE.to_bytes(2, "big") * 2 + bytes(10)  # the header of a small JPEG


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    with browser():
        import_module("app.page.main")
        yield


async def _gated(visit: Visit, story: Callable[[Visit], Awaitable[None]]) -> None:
    """A worker that has begun, its pictures' features still to be made."""
    rows, visit.page.store.kept = visit.page.store.kept, {}
    await visit.load()
    await visit.ready()
    visit.page.store.kept = rows
    visit.engine.task.may.clear()
    visit.dispatch(to_worker.Shown())
    await visit.idle()
    await story(visit)


def test_a_picture_is_added_stored_and_listed() -> None:
    async def story(visit: Visit) -> None:
        bitmap = Bitmap()
        visit.engine.task.may.clear()
        adding = visit.shell.handle(Message("add-picture", name=" Ada \n", picture=bitmap))
        await visit.idle()
        assert (visit.listed.busy, list(visit.listed.pictures), bitmap.closed) == (1, [], 0)
        visit.engine.task.may.set()
        await adding
        [shown] = visit.listed.pictures
        assert (shown["name"], shown["stored"], visit.listed.busy) == ("Ada", True, 0)
        assert bitmap.closed == 1
        kept = visit.page.store.kept[shown["id"]]
        assert (kept.name, kept.card) == ("Ada", MODEL.card)
        assert array("f", kept.features.to_bytes()) == array("f", [0.6, 0.8])
        assert visit.shell.state.caps.user_pictures == 1
        await visit.dispatch(to_worker.PictureAdded("Ada again", bitmap))
        assert len(visit.listed.pictures) == 1  # the same picture is kept once

    play(story, Visit())


def test_a_picture_that_cannot_be_added_is_named() -> None:
    async def story(visit: Visit) -> None:
        bitmap = Bitmap()
        visit.engine.task.features = array("f", [0, 0])
        await visit.dispatch(to_worker.PictureAdded("Ada", bitmap))
        assert visit.notes[0].startswith("Ada could not be added (")
        assert (visit.pictures.gallery.pictures, visit.listed.busy, bitmap.closed) == ({}, 0, 1)

    play(story, Visit())


def test_there_are_at_most_so_many_pictures() -> None:
    async def story(visit: Visit) -> None:
        await visit.dispatch(to_worker.PictureAdded("one more", Bitmap()))
        assert visit.notes == [messages.PICTURE.format(name="one more", why=FULL)]
        assert len(visit.pictures.gallery.pictures) == MOST

    play(story, Visit(stored(MOST)))


def test_a_picture_that_is_removed_while_it_is_worked_on_does_not_come_back() -> None:
    async def story(visit: Visit) -> None:
        removing = [visit.dispatch(to_worker.PictureRemoved(id)) for id in ("id0", "id1")]
        visit.engine.task.may.set()
        await asyncio.gather(*removing)
        await visit.idle()
        assert (visit.pictures.gallery.pictures, visit.page.store.kept) == ({}, {})
        assert (list(visit.listed.pictures), visit.listed.busy) == ([], 0)
        assert all(bitmap.closed == 1 for bitmap in bitmaps)
        assert len(bitmaps) == 1  # the second was not looked at any more

    bitmaps: list[Bitmap] = []
    asyncio.run(_gated(_with_bitmaps(Visit(stored(2, "another")), bitmaps), story))


def _with_bitmaps(visit: Visit, bitmaps: list[Bitmap]) -> Visit:
    """Notes the pictures that are decoded."""

    async def decoded(picture: Any) -> Bitmap:
        bitmaps.append(Bitmap())
        return bitmaps[-1]

    of("user_pictures").createImageBitmap = decoded
    return visit


def test_a_picture_that_was_removed_while_storage_was_read_does_not_come_back() -> None:
    async def story(visit: Visit) -> None:
        rows = await visit.page.store.rows()
        may = asyncio.Event()

        async def slow() -> Any:
            await may.wait()
            return rows

        vars(visit.page.store)["rows"] = slow
        visit.dispatch(to_worker.Shown())
        await visit.idle()
        await visit.dispatch(to_worker.PictureRemoved("id0"))
        may.set()
        await visit.idle()
        assert list(visit.pictures.gallery.pictures) == ["id1"]

    play(story, Visit(stored(2)))


def test_the_features_of_a_stale_picture_are_made_anew() -> None:
    async def story(visit: Visit) -> None:
        await visit.idle()
        assert visit.listed.busy == 2
        assert visit.pictures.gallery.stale(MODEL) == ["id0", "id1"]
        visit.engine.task.may.set()
        await visit.idle()
        features = picture("No. 0", MODEL.card, FEATURES.tobytes())
        assert visit.pictures.gallery.pictures["id0"] == features
        assert visit.pictures.gallery.stale(MODEL) == []
        assert visit.page.store.kept["id1"].card == MODEL.card
        assert (visit.listed.busy, len(bitmaps)) == (0, 2)

    bitmaps: list[Bitmap] = []
    asyncio.run(_gated(_with_bitmaps(Visit(stored(2, "another")), bitmaps), story))


def test_a_damaged_image_in_storage_does_not_hold_up_the_others() -> None:
    async def story(visit: Visit) -> None:
        visit.engine.task.may.set()
        await visit.idle()
        assert visit.pictures.gallery.stale(MODEL) == ["id0"]
        assert visit.listed.busy == 0

    async def decoded(picture: Any) -> Bitmap:
        if picture._data == b"id0":
            raise JsError("EncodingError")
        return Bitmap()

    visit = Visit(stored(2, "another"))
    of("user_pictures").createImageBitmap = decoded
    asyncio.run(_gated(visit, story))


@pytest.mark.parametrize("damaged", [
    {"features": None}, {"thumb": None}, {"features": row("", "", "", array("f"))["features"]}, {"name": ...},
])  # fmt: skip
def test_what_storage_has_damaged_is_left_out(damaged: dict[str, Any]) -> None:
    rows = stored(2)
    rows[0] = {name: value for name, value in {**rows[0], **damaged}.items() if value is not ...}

    async def story(visit: Visit) -> None:
        assert list(visit.pictures.gallery.pictures) == ["id1"]

    play(story, Visit(rows))


def test_where_the_browser_stores_nothing_pictures_live_as_long_as_the_page() -> None:
    async def story(visit: Visit) -> None:
        visit.page.store.fails = "QuotaExceededError"
        await visit.dispatch(to_worker.PictureAdded("Ada", Bitmap()))
        assert visit.notes == [messages.OWN["QuotaExceededError"]]
        [shown] = visit.listed.pictures
        assert not shown["stored"]
        await visit.dispatch(to_worker.PictureRemoved(shown["id"]))
        assert len(visit.notes) == 1  # nothing can come back

    play(story, Visit())


def test_a_picture_that_storage_does_not_let_go_is_told() -> None:
    async def story(visit: Visit) -> None:
        visit.page.store.fails = "UnknownError"
        await visit.dispatch(to_worker.PictureRemoved("id0"))
        assert visit.notes == [messages.OWN["remove"]]

    play(story, Visit(stored()))


def test_pictures_that_storage_does_not_hold_are_handed_over() -> None:
    async def story(visit: Visit) -> None:
        assert visit.pictures.gallery.pictures["one"].of(MODEL)
        [shown] = visit.listed.pictures
        assert (shown["id"], shown["name"]) == ("one", "Ada")

    visit = Visit()
    visit.page.pictures = [Message(id="one", name="Ada", thumbnail=blob(b"a JPEG"))]
    play(story, visit)


def test_pictures_are_exported_and_imported() -> None:
    async def story(visit: Visit) -> None:
        for each in visit.page.store.kept.values():
            visit.pictures._thumbnails[each.id] = blob(JPEG + each.id.encode())
        await visit.dispatch(to_worker.ExportRequested())
        sent = visit.listed
        assert (sent.type, sent.name) == ("download", "vitrine-pictures.json")
        assert [(added.name, data[-3:]) for added, data in from_file(await sent.file.text())] == [
            ("No. 0", b"id0"), ("No. 1", b"id1"),
        ]  # fmt: skip
        for id in ("id0", "id1"):
            await visit.dispatch(to_worker.PictureRemoved(id))
        await visit.dispatch(to_worker.PicturesImported(sent.file))
        assert [each.name for each in visit.pictures.gallery.pictures.values()] == ["No. 0", "No. 1"]
        assert len(visit.page.store.kept) == 2
        await visit.dispatch(to_worker.PicturesImported(blob(b"no such file")))
        assert visit.notes[-1].startswith("That file contains no pictures from this page.")

    play(story, Visit(stored(2)))


def test_a_picture_that_was_exported_without_features_is_embedded_after_the_import() -> None:
    async def story(visit: Visit) -> None:
        text = to_file([(Picture("Ada", "", NO_FEATURES), JPEG)])
        await visit.dispatch(to_worker.PicturesImported(blob(text.encode())))
        await visit.idle()
        [kept] = visit.page.store.kept.values()
        assert (kept.name, kept.card) == ("Ada", MODEL.card)

    play(story, Visit())


def test_without_a_task_that_compares_a_picture_cannot_be_added() -> None:
    visit = Visit()
    asyncio.run(visit.pictures.change(to_worker.PictureAdded("Ada", Bitmap())))
    assert visit.notes == ["Ada could not be added (another task is running)."]
