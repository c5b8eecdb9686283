"""update() and begin(): what a message or an event changes in the State, and what is to be done.

Pure: loads nothing and fakes no browser. What effects do is tested in test_page_loading.py.
"""

from __future__ import annotations

import ast
from dataclasses import fields, is_dataclass, replace
from types import ModuleType
from typing import Any

import pytest

from app.backgrounds import BACKGROUNDS
from app.backgrounds.base import COVER_COLOR
from app.core import messages
from app.core.events import Answers, FaceAnswers
from app.core.gallery import OWN
from app.core.settings import Settings
from app.panel.apply import changed
from app.tasks import TASKS
from app.worker import effects, views
from app.worker.handover import RUNNING, STARTING, Handover
from app.worker.protocol import TO_WORKER, plain, to_page, to_worker
from app.worker.state import State
from app.worker.update import REDUCERS, begin, update
from publish import ROOT
from tests.support.fakes import ABSENT, BODY, CAPS, GPU, LIKE, SELFIE
from tests.support.update_rows import ANSWER, LOOKALIKE, ROWS, Row, state

BACKDROPS = {"study": "backdrops/study.jpg"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_update(row: Row) -> None:
    after, wanted = update(row.before, row.event)
    changes = {
        each.name: getattr(after, each.name)
        for each in fields(State)
        if getattr(after, each.name) != getattr(row.before, each.name)
    }
    assert changes == dict(row.changes)
    assert wanted == tuple(each(after) if callable(each) else each for each in row.wanted)


# ---- every message, event and effect ----


def classes(module: ModuleType) -> set[type]:
    """The dataclasses that a module defines."""
    return {
        each
        for each in vars(module).values()
        if isinstance(each, type) and is_dataclass(each) and each.__module__ == module.__name__
    }


def carried_out() -> set[type]:
    """The effects that app/page/main.py has a line for, from its syntax tree."""
    tree = ast.parse((ROOT / "app" / "page" / "main.py").read_text("utf-8"))
    keys = [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    named = [key for key in keys if isinstance(key, ast.Attribute)]
    return {getattr(effects, key.attr) for key in named if ast.unparse(key.value) == "effects"}


# What starts the State, and pictures: they change nothing in it.
NOT_SEEN = {to_worker.Start, to_worker.FrameReady, to_worker.Stream, to_worker.BackdropFrame}


def test_every_message_and_event_has_a_reducer() -> None:
    events = classes(effects) - carried_out()
    assert carried_out() <= classes(effects)
    assert set(REDUCERS) == events | set(TO_WORKER) - NOT_SEEN


def test_every_reducer_has_a_row() -> None:
    assert {type(row.event) for row in ROWS} == set(REDUCERS)
    assert len({row.id for row in ROWS}) == len(ROWS)


def test_every_effect_is_asked_for_in_a_row() -> None:
    wanted = {type(each) for row in ROWS for each in update(row.before, row.event)[1]}
    assert carried_out() <= wanted


def test_what_has_no_reducer_is_an_error() -> None:
    with pytest.raises(KeyError):
        update(state(), to_worker.FrameReady(None, 0.0, False, False, 0))


# ---- stories ----


def last(wanted: tuple[Any, ...], kind: type) -> Any:
    """The last effect of a type."""
    return [each for each in wanted if isinstance(each, kind)][-1]


def test_a_task_that_could_not_be_begun_is_left_again() -> None:
    before = state(replace(LOOKALIKE, task="background", model=SELFIE.id), SELFIE)
    before = replace(before, settings=changed(before.settings, task="lookalike", model=BODY.id, blur=3))
    text = "WASM stopped (out of memory)."
    after, wanted = update(before, to_worker.SuccessorFailed(text=text))
    assert after.settings == changed(after.initial, blur=3)
    assert "task=background" in last(wanted, to_page.Plan).handover.query
    assert last(wanted, to_page.Panel).title == TASKS["background"].title
    assert last(wanted, to_page.Note).text == text


def test_the_page_waits_longer_while_something_is_loaded() -> None:
    before, limits = state(), []
    for change in (1, 1, -1, -1):
        before, wanted = update(before, effects.BusyChanged(change))
        limits.append(last(wanted, to_page.Plan).limit)
    assert limits == [STARTING, STARTING, STARTING, RUNNING]


def told(source: int, *ids: int) -> effects.TaskReported:
    faces = tuple(FaceAnswers(id, (0, 0, 1, 1), (ANSWER,)) for id in ids)
    return effects.TaskReported(Answers(faces, (), "", source, (640, 480)))


def test_a_pick_stays_with_its_face_and_goes_with_its_picture() -> None:
    now = state()

    def picked(event: Any) -> Any:
        nonlocal now
        now, wanted = update(now, event)
        return dict(last(wanted, Answers).picked)

    picked(told(1, 1, 2))
    assert picked(to_worker.Picked(1, "characters/7")) == {1: "characters/7"}
    assert picked(told(1, 1, 2)) == {1: "characters/7"}
    assert picked(told(1, 1)) == {1: "characters/7"}
    assert picked(told(2, 1)) == {}  # another photo, whose first face has the same number


def test_the_worker_that_follows_knows_the_picks() -> None:
    # The worker before has told this face's answers; this worker has not yet.
    _, wanted = update(state(), to_worker.Picked(2, "characters/7"))
    handover = Handover.from_dict(plain(last(wanted, to_page.Plan).handover))
    assert handover.picks == ((2, "characters/7"),)
    begun, _ = begin(replace(handover, notes=()), state().caps, BACKDROPS)
    assert begun is not None
    after, wanted = update(begun, told(0, 1, 2))
    assert last(wanted, Answers).picked == {2: "characters/7"}
    _, wanted = update(after, to_worker.SetSetting("task", "background"))
    assert last(wanted, to_page.Begin).handover.picks == ()  # what is picked there goes with it


def test_a_worker_that_stops_answering_is_covered_and_followed() -> None:
    background = changed(Settings(), background="image", image="study")
    plan = views.plan(state(background, SELFIE, backdrops=BACKDROPS))
    assert (plan.show, plan.image, plan.decline) == (False, "backdrops/study.jpg", None)
    assert plan.handover is not None
    assert plan.handover.notes == (
        "WASM stopped (it stopped answering). Continuing with WASM (onnxruntime).",
    )
    assert views.plan(state()).show  # the visitor chose "none"
    plan = views.plan(state(changed(Settings(), background="video"), SELFIE, backdrops=BACKDROPS))
    assert (plan.show, plan.color, plan.image) == (False, COVER_COLOR, "")  # a video has no path
    trial = state(handover=Handover(target_ms=5.0), trials=("webgl",))
    plan = views.plan(trial)
    assert (plan.handover, plan.decline) == (
        None, to_worker.SuccessorFailed(("webgl",), {"wasm": messages.SILENT}),
    )  # fmt: skip


@pytest.mark.parametrize("resolution", ["480", "720"])
def test_only_a_background_with_a_video_has_one_sampled(resolution: str) -> None:
    for id, background in BACKGROUNDS.items():
        settings = changed(Settings(), background=id, resolution=resolution)
        rate = background.video_rate
        box = settings.max_size
        assert views.backdrop_video(state(settings)) == to_page.BackdropVideo(rate, box.width, box.height)
        assert rate == (15 if id == "video" else 0)


# ---- the first State ----


def test_the_first_worker_begins_with_the_query() -> None:
    begun, wanted = begin(
        Handover("?blur=7&smoothing=999", notes=("A note.",)), replace(CAPS, probe=GPU), BACKDROPS
    )
    assert begun is not None
    assert begun.settings == begun.initial == changed(Settings(), blur=7)
    assert (begun.card, begun.backend, begun.caps.backend) == (SELFIE, "wasm", "wasm")
    assert (begun.trials, begun.phase, begun.busy) == (("webgpu", "webgl"), "starting", 0)
    assert [type(each) for each in wanted] == [
        to_page.Note, to_page.Note, to_page.Panel, to_page.Source, to_page.Plan, to_page.BackdropVideo,
    ]  # fmt: skip
    assert wanted[0] == to_page.Note("A note.")
    assert wanted[1].text.startswith("smoothing must be")
    assert last(wanted, to_page.Plan).limit == STARTING


def test_a_worker_goes_on_with_the_trials_and_the_backend_it_is_given() -> None:
    caps = replace(CAPS, probe=GPU)
    begun, _ = begin(Handover(backend="webgl", trials=("webgpu",), camera_requested=True), caps, {})
    assert begun is not None
    assert (begun.backend, begun.trials, begun.camera_requested) == ("webgl", ("webgpu",), True)
    begun, _ = begin(Handover(trials=()), caps, {})
    assert begun is not None and begun.trials == ()
    begun, _ = begin(Handover("?backend=webgpu"), caps, {})
    assert begun is not None and (begun.backend, begun.trials) == ("webgpu", ())


def test_without_a_model_nothing_begins() -> None:
    begun, wanted = begin(Handover(), replace(CAPS, cards=(ABSENT,)), {})
    assert (begun, wanted) == (None, (to_page.Stopped(messages.NO_MODEL),))


def test_own_pictures_that_are_there_are_compared_with() -> None:
    query = "?task=lookalike&gallery=own"
    begun, _ = begin(Handover(query), replace(LIKE, user_pictures=2), {})
    assert begun is not None and begun.settings.gallery == OWN
