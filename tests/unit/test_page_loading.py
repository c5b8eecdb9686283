"""What a worker of the page loads beside its models, over fakes of the browser.

Does not open a browser: tests/page does. What is asked for, and when, is tested in test_update.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from app.backgrounds.base import COVER_COLOR, USER_VIDEO
from app.core import messages
from app.core.gallery import ALL, OWN
from app.panel.apply import changed
from app.worker import effects
from app.worker.handover import RUNNING, STARTING
from app.worker.protocol import to_worker
from tests.support.fakejs import Bitmap, browser
from tests.support.fakes import MESH
from tests.support.update_rows import LOOKALIKE, state
from tests.support.visit import Message, Visit, of, play, stored


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    with browser():
        import_module("app.page.main")
        yield


# ---- galleries ----


def test_a_gallery_that_cannot_be_had_leaves_nothing_behind() -> None:
    async def story(visit: Visit) -> None:
        engine = visit.engine
        [first] = visit.sessions
        engine.broken = {OWN}
        visit.set(gallery=ALL)
        await visit.idle()
        assert visit.notes == ["That gallery could not be loaded (the file is missing)."]
        assert [(id, session.closed) for id, session in engine.opened[1:]] == [("pets", 1)]
        assert (visit.sessions, first.closed, visit.shell.state.settings) == ([first], 0, LOOKALIKE)
        engine.broken = set()
        visit.set(gallery=ALL)
        await visit.idle()
        assert [id for id, _ in engine.opened[2:]] == ["pets", OWN]
        assert visit.sessions == [first, *(session for _, session in engine.opened[2:])]
        visit.set(gallery="pets")
        await visit.idle()
        assert visit.sessions == [engine.opened[2][1]]
        assert [session.closed for _, session in engine.opened] == [1, 1, 0, 1]
        assert visit.shell.state.busy == 0

    play(story, Visit(stored()))


def test_the_page_waits_longer_while_a_gallery_is_loaded() -> None:
    async def story(visit: Visit) -> None:
        visit.page.told.clear()
        visit.set(gallery="pets")
        await visit.idle()
        limits = [message["limit"] for message in visit.page.of("plan")]
        assert (max(limits), limits[-1]) == (STARTING, RUNNING)
        assert visit.page.of("redraw")

    play(story, Visit())


def test_where_the_first_gallery_cannot_be_had_the_worker_cannot_go_on() -> None:
    visit = Visit()
    visit.engine.broken = {"characters"}
    with pytest.raises(RuntimeError, match="the file is missing"):
        asyncio.run(visit.load())
    assert visit.notes == []


def test_a_gallery_that_fails_is_not_asked_for_again_and_again() -> None:
    async def story(visit: Visit) -> None:
        visit.set(gallery=OWN)
        await visit.idle()
        [session] = visit.sessions
        visit.pictures.loaded = broken
        for count in (2, 3):
            visit.dispatch(effects.PicturesChanged(count))
            await visit.idle()
        assert len(visit.notes) == 2
        assert (visit.sessions, session.closed, visit.shell.state.busy) == ([session], 0, 0)

    def broken(*given: Any) -> None:
        raise RuntimeError("out of memory")

    play(story, Visit(stored(3)))


def test_the_visitors_pictures_are_compared_with_as_they_are_now() -> None:
    async def story(visit: Visit) -> None:
        visit.set(gallery=OWN)
        await visit.idle()
        [gallery] = visit.engine.task.galleries
        assert [character.name for character in gallery.names.characters] == ["No. 0", "No. 1"]
        await visit.dispatch(to_worker.PictureAdded("Cy", Bitmap()))
        await visit.idle()
        [now] = visit.engine.task.galleries
        assert [character.name for character in now.names.characters] == ["No. 0", "No. 1", "Cy"]
        assert (now.index.count, now.index.session) == (3, gallery.index.session)
        assert now.index.session.closed == 0

    play(story, Visit(stored(2)))


def test_before_the_features_are_made_anew_nothing_is_compared() -> None:
    async def story(visit: Visit) -> None:
        await visit.load()
        assert (visit.engine.task.galleries, visit.engine.opened) == ((), [])
        await visit.ready()
        assert [gallery.index.count for gallery in visit.engine.task.galleries] == [1]

    one = replace(state().caps, user_pictures=1)
    asyncio.run(story(Visit(stored(1, "another"), settings=replace(LOOKALIKE, gallery=OWN), caps=one)))


# ---- overlays, backdrops, trials ----


def test_an_overlay_is_loaded_drawn_and_given_back() -> None:
    async def story(visit: Visit) -> None:
        visit.set(overlay=MESH.id)
        await visit.idle()
        assert visit.engine.pipeline.overlay == f"overlay {MESH.id}"
        assert MESH.id in visit.engine.kept[-1]
        visit.engine.pipeline.overlay = None
        visit.engine.pipeline.failed(RuntimeError("device lost"))  # as the pipeline does
        await visit.idle()
        assert visit.notes == [messages.OVERLAY.format(why="device lost")]
        assert (visit.shell.state.settings.overlay, visit.engine.kept[-1]) == ("none", [])

    play(story, Visit())


def test_an_overlay_that_cannot_be_had_is_not_chosen_any_more() -> None:
    async def story(visit: Visit) -> None:
        visit.engine.broken = {MESH.id}
        visit.set(overlay=MESH.id)
        await visit.idle()
        assert visit.notes == [messages.OVERLAY.format(why="the file is missing")]
        assert (visit.shell.state.settings.overlay, visit.engine.kept[-1]) == ("none", [])
        assert visit.shell.state.busy == 0
        visit.engine.broken = set()
        visit.set(overlay=MESH.id)
        await visit.idle()
        assert visit.engine.pipeline.overlay == f"overlay {MESH.id}"

    play(story, Visit())


def backdrops(visit: Visit) -> Visit:
    visit.shell.manifest["backdrops"] += [
        {"id": id, "title": id, "path": f"{id}.jpg", "bytes": 1} for id in ("study", "dunes")
    ]
    return visit


def test_a_backdrop_that_the_visitor_has_left_is_not_drawn() -> None:
    async def story(visit: Visit) -> None:
        visit.set(background="image", image="study")
        visit.set(image="dunes")
        await visit.idle()
        assert [image for _, image in visit.engine.backdrops] == ["dunes"]
        visit.shell.handle(Message("backdrop", picture=(mine := Bitmap())))
        await visit.idle()
        assert visit.engine.backdrops[-1] == (mine, "own")

    play(story, backdrops(Visit()))


def test_a_backdrop_that_cannot_be_had_is_told_once() -> None:
    async def story(visit: Visit) -> None:
        visit.missing = {"study.jpg"}
        visit.set(background="image", image="study")
        await visit.idle()
        visit.set(smoothing=3)
        await visit.idle()
        assert visit.notes == [messages.BACKDROP.format(why="the file is missing")]
        visit.missing = set()
        visit.set(image="dunes")
        visit.set(image="study")
        await visit.idle()
        assert visit.engine.backdrops[-1][1] == "study"

    play(story, backdrops(Visit()))


def sampled(visit: Visit) -> Bitmap:
    """A picture of the visitor's video comes."""
    picture = Bitmap()
    visit.shell.handle(Message("backdrop-frame", picture=picture, number=1))
    return picture


def test_a_video_is_shown_picture_by_picture_and_each_is_closed() -> None:
    async def story(visit: Visit) -> None:
        visit.set(background="video")
        await visit.idle()
        [(before, image)] = visit.engine.backdrops
        assert (image, before.width, before.getContext("2d").fillStyle) == (USER_VIDEO, 1, COVER_COLOR)
        told, state = list(visit.page.told), visit.shell.state
        pictures = [sampled(visit) for _ in range(3)]
        assert visit.engine.backdrops[1:] == [(each, USER_VIDEO) for each in pictures]
        assert [each.closed for each in pictures] == [1, 1, 0]
        assert visit.shell.state is state
        assert visit.page.told[len(told) :] == [{"type": "redraw"}] * 3
        visit.set(background="blur")
        await visit.idle()
        late = sampled(visit)
        assert (late.closed, pictures[-1].closed) == (1, 0)  # the Compositor still has that one
        visit.set(background="video")
        await visit.idle()
        assert visit.engine.backdrops[4:] == [(pictures[-1], USER_VIDEO)]

    play(story, Visit())


def test_a_worker_begins_with_the_picture_of_a_video_that_came_while_it_started() -> None:
    visit = Visit(settings=changed(LOOKALIKE, background="video"))
    early, late = sampled(visit), sampled(visit)
    play(lambda _: visit.idle(), visit)
    assert visit.engine.backdrops == [(early, USER_VIDEO)]
    assert (early.closed, late.closed) == (0, 1)


def test_a_trial_is_measured_against_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6, 7))  # each look at the clock is 7 ms later
    monkeypatch.setattr(of("loading"), "now", lambda: float(next(clock)))

    async def story(visit: Visit) -> None:
        warmed = visit.engine.warmed
        visit.dispatch(effects.TrialDue(500.0))  # whose frames take now this, now that
        await visit.idle()
        [begin] = visit.page.of("begin")
        given = begin["handover"]
        assert (given["backend"], given["trials"], given["target_ms"]) == ("webgpu", [], 7.0)
        assert visit.engine.warmed > warmed
        assert await visit.shell.loading.is_faster(7.8)
        assert not await visit.shell.loading.is_faster(7.7)

    play(story, Visit(trials=("webgl", "webgpu")))


def test_no_worker_begins_that_is_measured_for_settings_of_before() -> None:
    async def story(visit: Visit) -> None:
        visit.dispatch(effects.TrialDue(500.0))
        visit.set(model="selfie-landscape")
        await visit.idle()
        assert [begin["handover"]["target_ms"] for begin in visit.page.of("begin")] == [0.0]

    play(story, Visit(trials=("webgpu",)))


# ---- messages ----


def test_a_message_is_done_when_what_it_asks_for_is() -> None:
    async def story(visit: Visit) -> None:
        assert visit.shell.handle(Message("set", name="smoothing", value=3, number=1)) is None
        assert visit.shell.handle(Message("camera-requested")) is None
        waiting = visit.shell.handle(Message("remove-picture", id="id0"))
        await waiting
        assert visit.page.store.kept == {}
        with pytest.raises(ValueError, match="no such message"):
            visit.shell.handle(Message("nonsense"))

    play(story, Visit(stored()))
