"""What a worker of the page does with galleries, own pictures, picks and trials, over fakes.

Does not open a browser: tests/page does.
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from app.core.gallery import ALL, Match
from app.core.settings import Settings
from app.panel.apply import changed
from app.panel.query import from_query
from app.tasks import TASKS
from app.tasks.lookalike.answers import Character, Names
from app.tasks.lookalike.user_gallery import UserGallery, embedding_model, picture
from app.worker.handover import RUNNING, STARTING, Handover
from tests.support.fakejs import Bitmap, FakeEngine, Page, browser
from tests.support.fakes import BODY, CLASSES, GALLERY, GPU, LIKE, SELFIE, Clock

LOOKALIKE = from_query("task=lookalike", LIKE)[0]
SEER = embedding_model(CLASSES, 2)
PETS = replace(GALLERY, id="pets", title="Pets")


@pytest.fixture(scope="module", autouse=True)
def room() -> Iterator[None]:
    with browser():
        import_module("app.page.start")
        yield


def of(module: str) -> Any:
    return sys.modules[f"app.page.{module}"]


def working(settings: Settings = LOOKALIKE, kept: Any = None, **start: Any) -> Any:
    """A worker that shows pictures on WASM."""
    worker = of("start").Worker(Page(kept, **start))
    worker.settings = worker.own = settings
    worker.caps = replace(LIKE, backend="wasm", galleries=(GALLERY, PETS, LIKE.galleries[-1]))
    worker.card, worker.run, worker.trials, worker.patient = BODY, "wasm", (), 0
    worker.meter.clock = Clock()
    worker.engine = FakeEngine()
    state = worker.comparison
    state.gallery, state.seer = settings.gallery, SEER
    state.names = {id: Names(GALLERY, [Character("Ada", "Set")] * 100) for id in ("characters", "pets")}
    return worker


def own(count: int = 1, card: str = SEER.card) -> list[dict[str, Any]]:
    features = array("f", [1, 0]).tobytes()
    return [{"id": f"id{n}", "name": f"No. {n}", "card": card, "features": features} for n in range(count)]


def sessions(worker: Any) -> list[Any]:
    return [index.session for index in worker.engine.auxiliary["classifier"].indexes]


def test_a_task_that_could_not_be_begun_is_left_again() -> None:
    worker = working(replace(LOOKALIKE, task="background", model=SELFIE.id))
    worker.card = SELFIE
    worker.settings = changed(worker.settings, task="lookalike", model=BODY.id, blur=3)
    of("hearing").stay(worker, text="WASM stopped (out of memory).")
    assert worker.settings == changed(worker.own, blur=3)
    assert "task=background" in worker.page.last("plan")["start"]["query"]
    assert worker.page.last("panel")["title"] == TASKS["background"].title
    assert worker.page.last("note")["text"] == "WASM stopped (out of memory)."


def test_a_gallery_that_cannot_be_had_leaves_nothing_behind() -> None:
    worker = working()
    engine, compare = worker.engine, of("compare")
    worker.settings = replace(LOOKALIKE, gallery=ALL)
    engine.broken = "own"
    worker.comparison.own = UserGallery(own())
    worker.caps = replace(worker.caps, user_pictures=1)

    async def run() -> None:
        compare.show_galleries(worker)
        await worker.comparison.following

    asyncio.run(run())
    assert worker.page.last("note")["text"] == "That gallery could not be loaded (the file is missing)."
    assert [session.closed for session in engine.opened] == [1]  # that of the pets
    assert (sessions(worker), engine.first.closed, worker.settings) == ([engine.first], 0, LOOKALIKE)
    engine.broken = ""
    worker.settings = replace(LOOKALIKE, gallery=ALL)
    asyncio.run(run())
    assert sessions(worker) == [engine.first, *engine.opened[1:]]
    worker.settings = replace(LOOKALIKE, gallery="pets")
    asyncio.run(run())
    assert sessions(worker) == [engine.opened[1]]
    assert [session.closed for session in (engine.first, *engine.opened)] == [1, 1, 0, 1]


def test_page_js_waits_longer_while_a_gallery_is_loaded() -> None:
    worker = working()
    worker.settings = replace(LOOKALIKE, gallery="pets")

    async def run() -> None:
        of("compare").show_galleries(worker)
        await worker.comparison.following

    asyncio.run(run())
    limits = [message["limit"] for message in worker.page.said if message["type"] == "plan"]
    assert (limits[0], limits[-1]) == (STARTING, RUNNING)


def said(source: int, *ids: int) -> dict[str, Any]:
    faces = [{"id": id, "box": [0, 0, 1, 1], "near": [Match("characters", 7, 0.5)]} for id in ids]
    return {"faces": faces, "together": [], "note": "", "source": source}


def test_a_pick_stays_with_its_face_and_goes_with_its_picture() -> None:
    worker, compare = working(), of("compare")

    def told(*now: int) -> dict[str, str]:
        worker.engine.task.said = said(*now)
        compare.answer(worker)
        picked: dict[str, str] = worker.page.last("answers")["picked"]
        return picked

    told(1, 1, 2)
    compare.pick(worker, 1, "characters/7")
    assert worker.page.last("answers")["picked"] == {"1": "characters/7"}
    assert told(1, 1, 2) == {"1": "characters/7"}
    worker.engine.task.said = None
    compare.answer(worker)  # a frame of which nothing is said
    assert told(1, 1) == {"1": "characters/7"}
    assert told(2, 1) == {}  # another photo, whose first face has the same number


def test_who_follows_knows_the_picks() -> None:
    worker = working()
    of("compare").pick(worker, 2, "characters/7")  # the worker that leaves has told it, this one not yet
    plan = worker.page.last("plan")["start"]
    assert Handover.from_dict(plan).picks == ((2, "characters/7"),)
    next_worker = working(**plan)
    next_worker.engine.task.said = said(0, 1, 2)
    of("compare").answer(next_worker)
    assert next_worker.page.last("answers")["picked"] == {"2": "characters/7"}
    next_worker.settings = replace(next_worker.settings, task="background")
    next_worker.begin()  # what is picked there goes with it
    assert next_worker.page.last("begin")["start"]["picks"] == []


def test_a_picture_that_is_removed_does_not_come_back() -> None:
    stale = own(2, "another")
    worker, keeping = working(kept=stale), of("keeping")
    task, (looked_at, waits) = worker.engine.task, (Bitmap(), Bitmap())

    async def run() -> None:
        task.may.clear()
        for row, js_picture in zip(stale, (looked_at, waits), strict=True):
            keeping.add(worker, row["id"], row["name"], js_picture)
        await asyncio.sleep(0)
        for row in stale:
            keeping.remove(worker, row["id"])
        task.may.set()
        await worker.keeping.working

    asyncio.run(run())
    gone = [message["asked"] for message in worker.page.said if message["type"] == "own-gone"]
    assert sorted(gone) == ["id0", "id1"]
    assert (worker.comparison.own.pictures, worker.page.sent) == ({}, [])
    assert (looked_at.closed, waits.closed) == (1, 1)


def test_a_stale_picture_is_looked_at_again() -> None:
    worker, keeping = working(kept=own(1, "another")), of("keeping")
    keeping.describe(worker)
    assert worker.page.last("own-stale")["ids"] == ["id0"]

    async def run() -> None:
        keeping.kept(worker, own(2, "another"))
        assert worker.page.last("own-stale")["ids"] == ["id0", "id1"]
        keeping.add(worker, "id0", "Ada", Bitmap())
        await worker.keeping.working

    asyncio.run(run())
    assert worker.comparison.own.pictures["id0"] == picture("Ada", SEER.card, array("f", [3, 4]).tobytes())
    assert worker.comparison.own.stale(SEER) == ["id1"]


def test_a_trial_is_measured_against_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6, 7))  # each look at the clock is 7 ms later
    monkeypatch.setattr(of("trial"), "now", lambda: float(next(clock)))
    monkeypatch.setattr(of("start").Worker, "known", lambda self: {})

    def tried(settings: Settings, change: Settings | None = None) -> list[dict[str, Any]]:
        worker = working(settings)
        worker.caps = replace(worker.caps, probe=GPU)
        worker.meter.stats = lambda: {"ms": {"infer": 500.0}}

        async def run() -> None:
            of("trial").try_next(worker, ("webgl", "webgpu"))
            worker.settings = change or settings
            if worker.trying:
                await worker.trying

        asyncio.run(run())
        return [message["start"] for message in worker.page.said if message["type"] == "begin"]

    [start] = tried(LOOKALIKE)  # whose frames take now this, now that
    assert (start["run"], start["trials"], start["beat"]) == ("webgpu", [], 7.0)  # WebGL has no index of it
    assert tried(LOOKALIKE, changed(LOOKALIKE, blur=2)) != []
    assert tried(LOOKALIKE, replace(LOOKALIKE, model=SELFIE.id)) == []  # for that a worker is begun already
    assert tried(replace(LOOKALIKE, backend="wasm")) == []
    [start] = tried(Settings())
    assert (start["run"], start["trials"], start["beat"]) == ("webgl", ["webgpu"], 500.0)
