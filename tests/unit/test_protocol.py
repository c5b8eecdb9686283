"""The protocol between page and worker: what is decoded, encoded and refused, and that every type is known.

Does not send anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import pytest

from app.core.events import Answer, Answers, FaceAnswers
from app.worker import effects
from app.worker.handover import Handover
from app.worker.protocol import NUMBER, TO_PAGE, TO_WORKER, decode, encode, plain, to_page, to_worker
from app.worker.protocol.to_worker import CamerasFound, PictureAdded, SetSetting, SuccessorFailed
from publish import protocol as generated

EVERY: tuple[Any, ...] = (*TO_WORKER, *TO_PAGE)


def title(message: Any) -> str:
    return str(message.__name__)


# ---- page to worker ----


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"type": "set", "name": "blur", "value": 7}, SetSetting("blur", 7)),
        ({"type": "set", "name": "blur", "value": 7, NUMBER: 12}, SetSetting("blur", 7)),
        ({"type": "cameras", "cameras": [["id", "A"], ["x", "B"]]}, CamerasFound((("id", "A"), ("x", "B")))),
        ({"type": "successor-failed"}, SuccessorFailed()),
        ({"type": "successor-failed", "trials": ["webgl"], "failed": {"wasm": "why"}, "text": "A note."},
         SuccessorFailed(("webgl",), {"wasm": "why"}, "A note.")),
        ({"type": "add-picture", "name": "Ada", "picture": ...}, PictureAdded("Ada", ...)),
    ],
)  # fmt: skip
def test_a_message_is_decoded(given: Mapping[str, Any], message: Any) -> None:
    assert decode(given) == message


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "None (unknown type)"),
        ({"type": "nonsense"}, "nonsense (unknown type)"),
        ({"type": ""}, " (unknown type)"),
        ({"type": "panel", "title": ""}, "panel (unknown type)"),  # it runs the other way
        ({"type": "set", "name": "blur", "value": 7, "more": 1}, "set ("),
        ({"type": "set", "name": "blur"}, "set ("),
        ({"type": "shown", "name": "blur"}, "shown ("),
    ],
)
def test_what_the_protocol_does_not_know_is_refused_in_a_sentence(given: Mapping[str, Any], why: str) -> None:
    with pytest.raises(ValueError) as refused:
        decode(given)
    assert str(refused.value).startswith(f"The protocol has no such message: {why}")
    assert str(refused.value).endswith(").")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("message", TO_WORKER, ids=title)
def test_a_message_with_all_its_fields_is_decoded(message: Any) -> None:
    values = {each.name: f"a {each.name}" for each in fields(message)}
    assert decode({"type": message.type, **values}) == message(**values)


# ---- worker to page ----


def test_a_message_is_encoded_as_plain_types() -> None:
    handover = Handover("?q", trials=("webgl",), failed={"wasm": "why"}, picks=((1, "a/2"),))
    data = encode(to_page.Begin(handover, failed=True))
    assert data["type"] == "begin"
    assert json.loads(json.dumps(data)) == data
    assert Handover.from_dict(data["handover"]) == handover
    assert encode(to_page.Ready()) == {"type": "ready"}


def test_an_answer_is_encoded_with_everything_the_page_draws() -> None:
    answer = Answer("characters/7", "Ada", "Set", "", 50)
    answers = Answers(
        (FaceAnswers(3, (0.1, 0.2, 0.3, 0.4), (answer,)),), (), "", 2, (640, 480), {3: answer.key}
    )
    data = encode(answers)
    assert data["faces"][0]["five"] == [
        {"key": "characters/7", "name": "Ada", "set": "Set", "design": "", "similarity": 50,
         "sheet": "", "x": 0, "y": 0, "columns": 1, "rows": 1},
    ]  # fmt: skip
    assert (data["faces"][0]["box"], data["picked"]) == ([0.1, 0.2, 0.3, 0.4], {3: "characters/7"})
    assert data["titles"] == {0: "All faces together", 3: "Face 3"}


def test_objects_of_the_browser_stay_as_they_are() -> None:
    blob = object()
    data = encode(to_page.Download(blob, "a.json"))
    assert data == {"type": "download", "file": blob, "name": "a.json"}
    assert plain(((1, {"a": (2,)}), None, "text")) == [[1, {"a": [2]}], None, "text"]


# ---- the whole ----


def test_no_two_messages_share_a_type_and_none_runs_both_ways() -> None:
    types = [message.type for message in EVERY]
    assert len(set(types)) == len(types)
    assert len(TO_WORKER) > 10 and len(TO_PAGE) > 10


@pytest.mark.parametrize("message", EVERY, ids=title)
def test_a_message_is_frozen_explained_and_named_for_javascript(message: Any) -> None:
    assert [is_dataclass(message), message.__hash__ is not None] == [True, True]  # frozen ones have a hash
    assert message.__doc__
    assert not message.__doc__.startswith(f"{message.__name__}(")  # what dataclass writes where there is none
    assert message.type == message.type.lower() and message.type.replace("-", "").isalpha()
    assert "type" not in {each.name for each in fields(message)}
    assert message in TO_PAGE or NUMBER not in {each.name for each in fields(message)}  # the page adds it


def test_every_field_has_a_type_that_javascript_can_be_checked_with() -> None:
    text = generated.typescript()
    for message in EVERY:
        start = text.index(f"export interface {message.__name__} {{")
        body = text[start : text.index("\n}", start)]
        assert f"type: '{message.type}';" in body
        for each in fields(message):
            assert f"\n  {each.name}: " in body or f"\n  {each.name}?: " in body


def test_a_field_whose_type_is_not_known_is_an_error() -> None:
    @dataclass(frozen=True)
    class Odd:
        """Has a set."""

        names: set[str]

    with pytest.raises(TypeError, match=r"not known"):
        generated._interface(Odd, {})


def test_events_and_effects_of_a_worker_are_no_messages() -> None:
    for each in vars(effects).values():
        if isinstance(each, type) and each.__module__ == effects.__name__:
            assert not hasattr(each, "type")
    assert to_worker.FrameReady in TO_WORKER
