"""Every task is whole: what its file names is what the program knows. Runs no task."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

import app.tasks
from app.backgrounds import BACKGROUNDS
from app.core import events
from app.core.events import Event
from app.core.settings import Settings
from app.tasks import TASKS
from app.tasks.base import Requires
from app.worker.protocol import TO_PAGE
from models.spec.cards import read_all
from models.spec.rules import KINDS

CARDS = {card.id: card for card in read_all()}


def test_every_file_of_the_folder_is_a_task_or_the_base() -> None:
    folder = Path(app.tasks.__file__).parent
    names = {path.stem for path in folder.glob("[!_]*.py")} | {
        path.parent.name for path in folder.glob("*/__init__.py")
    }
    assert names == {*TASKS, "base"}
    assert list(TASKS) == sorted(TASKS)
    assert Settings.task in TASKS


@pytest.mark.parametrize("id", TASKS)
def test_a_task_is_whole(id: str) -> None:
    task = TASKS[id]
    assert task.title and not task.title.endswith(".")
    assert task.about.endswith(".")
    assert task.background in BACKGROUNDS
    assert task.__doc__
    assert set(task.events) <= set(get_args(Event))
    assert set(task.events) <= set(TO_PAGE)


@pytest.mark.parametrize("id", TASKS)
def test_what_a_task_requires_exists(id: str) -> None:
    requires = TASKS[id].requires
    assert isinstance(requires, Requires)
    assert requires.model
    assert {*requires.model, *requires.auxiliary} <= set(KINDS)
    for kind in (*requires.model, *requires.auxiliary):
        assert any(card.kind == kind for card in CARDS.values()), f"no model is a {kind}"
    assert not requires.galleries or "classifier" in requires.auxiliary


@pytest.mark.parametrize("id", TASKS)
def test_what_a_task_prefers_is_a_model_that_it_takes(id: str) -> None:
    task = TASKS[id]
    for name in task.preferred:
        assert CARDS[name].kind in (*task.requires.model, *task.requires.auxiliary)
    assert any(CARDS[name].kind in task.requires.model for name in task.preferred)


def test_every_event_is_sent_by_a_task() -> None:
    sent = {event for task in TASKS.values() for event in task.events}
    defined = {each for each in vars(events).values() if isinstance(each, type) and hasattr(each, "type")}
    assert sent == defined == set(get_args(Event))
