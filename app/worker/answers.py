"""Reducers for a task's events: adds the visitor's picks to its answers, and prepares the share card.

Does not compute answers: the task does. Does not draw: static/ does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.core import messages
from app.core.events import Answers
from app.worker import effects
from app.worker.protocol import to_page, to_worker
from app.worker.state import Effects, State


def reported(state: State, event: effects.TaskReported) -> tuple[State, Effects]:
    """Send an event of the task to the page; Answers get the picks that are still valid."""
    answers = event.event
    if not isinstance(answers, Answers):
        return replace(state, last_events={**state.last_events, answers.type: answers}), (answers,)
    # Another source shows other faces, even under the same ids. A worker starts with source 0.
    before = state.answers.source if state.answers else 0
    return _with_picks(state, answers, state.picks if answers.source == before else {})


def picked(state: State, event: to_worker.Picked) -> tuple[State, Effects]:
    """The visitor picked an answer, which an earlier worker may have sent."""
    picks = {**state.picks, event.face: event.key}
    if state.answers is None:
        return replace(state, picks=picks), ()
    return _with_picks(state, state.answers, picks)


def shared(state: State, event: to_worker.ShareRequested) -> tuple[State, Effects]:
    """Prepare a picture of a face beside its picked answer; without a pick, the first answer."""
    answers, key = state.answers, state.picks.get(event.face)
    if answers is None or not answers.faces:
        return state, ()
    face = next((each for each in answers.faces if each.id == event.face), None)
    five = face.five if face else answers.together
    answer = next((each for each in five if each.key == key), five[0] if five else None)
    if answer is None:
        return state, ()
    boxes = (face.box,) if face else tuple(each.box for each in answers.faces)
    return state, (to_page.ShareCard(answer, boxes, messages.SHARE, messages.SHARED_FILE),)


def _with_picks(state: State, answers: Answers, picks: Mapping[int, str]) -> tuple[State, Effects]:
    ids = {0, *(face.id for face in answers.faces)}
    if not ids >= picks.keys():
        picks = {id: key for id, key in picks.items() if id in ids}
    answers = replace(answers, picked=picks)
    return replace(state, picks=picks, last_events={**state.last_events, Answers.type: answers}), (answers,)
