"""Every task of the registry in the page: it starts, the head names it, and its parts of the page are shown.

Does not judge a task's results: each task has tests of its own.
"""

from __future__ import annotations

from typing import get_args

import pytest

from app.core.events import Answers, Caption, Event
from app.tasks import TASKS
from tests.page.drive import START, Visit
from tests.support import alike

PARTS = {Answers.type: "#answers", Caption.type: "#caption"}


def test_every_type_of_event_has_a_part() -> None:
    assert set(PARTS) == {event.type for event in get_args(Event)}


@pytest.mark.parametrize("id", TASKS)
def test_a_task_starts_and_shows_its_parts(visit: Visit, id: str) -> None:
    if TASKS[id].requires.galleries and (reason := alike.missing()):
        pytest.skip(reason)
    visit.open(task=id, backend="wasm")
    task = TASKS[id]
    visit.until(lambda: visit.page.title() == f"Vitrine: {task.title}", "the task's title")
    assert visit.page.locator("#about").text_content() == task.about
    shown = {event.type for event in task.events}
    for type, part in PARTS.items():
        assert visit.page.locator(part).is_visible() == (type in shown), type
    assert visit.notes() == []


def test_people_are_counted(visit: Visit) -> None:
    visit.open(task="people", backend="wasm")
    caption = visit.page.locator("#caption")
    visit.until(lambda: caption.text_content() == "One face is visible.", "the face of the sample", START)
    visit.control("Task").select_option("background")
    visit.until(caption.is_hidden, "no caption for another task", START)
