"""Succession: what follows a worker that failed, along the ladder and to its end. Starts no worker."""

import json
from dataclasses import replace

from app.core.card import Input, Size
from app.core.settings import Look
from app.panel.validate import from_query
from app.worker.handover import RETRIES, Start, restarts, stayed, successor
from tests.support.fakes import FACES, GPU, OFFER, SELFIE

AUTO, CHOSEN = Look(blur=7), Look(backend="webgpu", blur=7)


def test_a_start_survives_json() -> None:
    for start in (
        Start("?blur=7"),
        Start(
            "",
            "webgl",
            ("webgpu",),
            4.5,
            {"wasm": "why"},
            (("id", "A camera"),),
            True,
            ("A note.",),
            2,
            ((0, "a/1"), (3, "a/2")),
        ),
        Start(trials=()),
    ):
        assert Start.from_dict(json.loads(json.dumps(start.to_dict()))) == start
    assert Start.from_dict({"query": "?x", "unknown": 1}) == Start("?x")


def test_the_next_of_the_ladder_follows_with_a_sentence() -> None:
    next_start = successor(Start(cameras=(("id", "A"),)), CHOSEN, "webgpu", "device lost", GPU, SELFIE)
    assert next_start is not None
    assert next_start.run == "webgl"
    assert next_start.broken == {"webgpu": "device lost"}
    assert next_start.notes == ("WebGPU stopped (device lost). Going on with WebGL.",)
    assert next_start.cameras == (("id", "A"),)
    look, notes = from_query(next_start.query, OFFER)
    assert (look.backend, look.blur, notes) == ("webgl", 7, [])


def test_auto_stays_auto() -> None:
    next_start = successor(Start(), AUTO, "webgpu", "device lost", GPU, FACES)
    assert next_start is not None
    assert next_start.run == "wasm"  # this card has no variant for WebGL
    assert from_query(next_start.query, OFFER)[0] == AUTO
    assert (next_start.trials, next_start.beat) == ((), 0)


def test_the_last_of_the_ladder_is_tried_again_a_few_times_only() -> None:
    start: Start | None = Start(broken={"webgpu": "lost"})
    runs = []
    for _ in range(20):
        assert start is not None
        start = successor(start, AUTO, "wasm", "out of memory", GPU, SELFIE)
        if start is None:
            break
        runs.append((start.run, start.broken))
    assert runs == [("wasm", {"webgpu": "lost"})] * RETRIES


def test_every_chain_of_failures_ends() -> None:
    start: Start | None = Start()
    run, seen = "webgpu", []
    while start is not None:
        seen.append(run)
        assert len(seen) < 10
        start = successor(start, AUTO, run, "it failed", GPU, SELFIE)
        run = start.run if start else ""
    assert seen == ["webgpu", "webgl", "wasm", "wasm", "wasm"]


def test_the_last_says_that_it_is_started_again_and_a_damaged_file_is_not_tried_twice() -> None:
    again = successor(Start(), AUTO, "wasm", "context lost", GPU, SELFIE)
    assert again is not None
    assert again.notes == ("WASM stopped (context lost). Starting it again.",)
    assert successor(Start(), AUTO, "wasm", "damaged", GPU, SELFIE, again=False) is None
    other = successor(Start(), AUTO, "webgpu", "damaged", GPU, SELFIE, again=False)
    assert other is not None
    assert other.run == "webgl"


def test_only_what_the_model_knows_needs_a_new_worker() -> None:
    look = Look()
    assert restarts(look, replace(look, backend="wasm"), SELFIE)
    assert restarts(look, replace(look, threads=2, detail="low"), SELFIE)
    assert not restarts(look, replace(look, blur=3, overlay="posenet"), SELFIE)
    assert not restarts(look, replace(look, detail="low"), SELFIE)  # it has one size
    low = Size("low", Input(113, 161, "letterbox"), (113, 161))
    high = Size("high", Input(353, 481, "letterbox"), (353, 481))
    card = replace(SELFIE, input=high.input, mask=high.mask, sizes=(low, high))
    assert restarts(look, replace(look, detail="low"), card)
    assert not restarts(look, replace(look, detail="high"), card)  # what "medium" is, where there is none


def test_who_stays_has_what_needed_another_worker_as_it_was() -> None:
    begun = Look(task="background", model="selfie-landscape", backend="auto", blur=7, detail="low", threads=1)
    asked = replace(begun, task="lookalike", model="bodypix", detail="high", threads=2, blur=9, gallery="all")
    assert stayed(asked, begun, "wasm", "selfie-landscape") == replace(begun, blur=9, gallery="all")
    forced = stayed(replace(asked, backend="webgl"), begun, "wasm", "selfie-landscape")
    assert forced == replace(begun, blur=9, gallery="all", backend="wasm")
    assert not restarts(begun, stayed(asked, begun, "wasm", "selfie-landscape"), SELFIE)


def test_who_cannot_do_all_that_is_chosen_is_passed_over() -> None:
    unable = {"webgl": "Large cannot be compared with on it"}
    next_start = successor(Start(), AUTO, "webgpu", "device lost", GPU, SELFIE, unable=unable)
    assert next_start is not None
    assert (next_start.run, next_start.broken) == ("wasm", {"webgpu": "device lost"})
