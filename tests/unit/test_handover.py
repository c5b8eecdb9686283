"""Handover: what follows a worker that failed, along the ladder and to its end. Starts no worker."""

import json
from dataclasses import replace

from app.core.card import Input, Size
from app.core.settings import Settings
from app.panel.apply import changed
from app.panel.query import from_query
from app.worker.handover import RETRIES, Handover, restarts, rolled_back, successor
from app.worker.protocol import plain
from tests.support.fakes import CAPS, FACES, GPU, SELFIE

AUTO, CHOSEN = changed(Settings(), blur=7), changed(Settings(), backend="webgpu", blur=7)


def test_a_start_survives_json() -> None:
    for start in (
        Handover("?blur=7"),
        Handover(
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
        Handover(trials=()),
    ):
        assert Handover.from_dict(json.loads(json.dumps(plain(start)))) == start
    assert Handover.from_dict({"query": "?x", "unknown": 1}) == Handover("?x")


def test_the_next_of_the_ladder_follows_with_a_sentence() -> None:
    next_start = successor(Handover(cameras=(("id", "A"),)), CHOSEN, "webgpu", "device lost", GPU, SELFIE)
    assert next_start is not None
    assert next_start.backend == "webgl"
    assert next_start.failed == {"webgpu": "device lost"}
    assert next_start.notes == ("WebGPU stopped (device lost). Continuing with WebGL.",)
    assert next_start.cameras == (("id", "A"),)
    settings, notes = from_query(next_start.query, CAPS)
    assert (settings, notes) == (changed(CHOSEN, backend="webgl"), [])


def test_auto_stays_auto() -> None:
    next_start = successor(Handover(), AUTO, "webgpu", "device lost", GPU, FACES)
    assert next_start is not None
    assert next_start.backend == "wasm"  # this card has no variant for WebGL
    assert from_query(next_start.query, CAPS)[0] == AUTO
    assert (next_start.trials, next_start.target_ms) == ((), 0)


def test_the_last_of_the_ladder_is_tried_again_a_few_times_only() -> None:
    start: Handover | None = Handover(failed={"webgpu": "lost"})
    runs = []
    for _ in range(20):
        assert start is not None
        start = successor(start, AUTO, "wasm-ort", "out of memory", GPU, SELFIE)
        if start is None:
            break
        runs.append((start.backend, start.failed))
    assert runs == [("wasm-ort", {"webgpu": "lost"})] * RETRIES


def test_every_chain_of_failures_ends() -> None:
    start: Handover | None = Handover()
    run, seen = "webgpu", []
    while start is not None:
        seen.append(run)
        assert len(seen) < 10
        start = successor(start, AUTO, run, "it failed", GPU, SELFIE)
        run = start.backend if start else ""
    assert seen == ["webgpu", "webgl", "wasm", *["wasm-ort"] * 3]


def test_the_last_says_that_it_is_started_again_and_a_damaged_file_is_not_tried_twice() -> None:
    again = successor(Handover(), AUTO, "wasm-ort", "context lost", GPU, SELFIE)
    assert again is not None
    assert again.notes == ("WASM (onnxruntime) stopped (context lost). Restarting it.",)
    assert successor(Handover(), AUTO, "wasm-ort", "damaged", GPU, SELFIE, again=False) is None
    other = successor(Handover(), AUTO, "webgpu", "damaged", GPU, SELFIE, again=False)
    assert other is not None
    assert other.backend == "webgl"


def test_only_what_the_model_knows_needs_a_new_worker() -> None:
    settings = Settings()
    assert restarts(settings, replace(settings, backend="wasm"), SELFIE)
    assert restarts(settings, replace(settings, threads=2, detail="low"), SELFIE)
    assert not restarts(settings, changed(settings, blur=3, overlay="posenet"), SELFIE)
    assert not restarts(settings, replace(settings, detail="low"), SELFIE)  # it has one size
    low = Size("low", Input(113, 161, "letterbox"), (113, 161))
    high = Size("high", Input(353, 481, "letterbox"), (353, 481))
    card = replace(SELFIE, input=high.input, mask=high.mask, sizes=(low, high))
    assert restarts(settings, replace(settings, detail="low"), card)
    assert not restarts(
        settings, replace(settings, detail="high"), card
    )  # what "medium" is, where there is none


def test_who_stays_has_what_needed_another_worker_as_it_was() -> None:
    begun = changed(AUTO, task="background", model="selfie-landscape", detail="low", threads=1)
    asked = changed(begun, task="lookalike", model="bodypix", detail="high", threads=2, blur=9, gallery="all")
    assert rolled_back(asked, begun, "wasm", "selfie-landscape") == changed(begun, blur=9, gallery="all")
    forced = rolled_back(replace(asked, backend="webgl"), begun, "wasm", "selfie-landscape")
    assert forced == changed(begun, blur=9, gallery="all", backend="wasm")
    assert not restarts(begun, rolled_back(asked, begun, "wasm", "selfie-landscape"), SELFIE)


def test_who_cannot_do_all_that_is_chosen_is_passed_over() -> None:
    unable = {"webgl": "not available with this gallery"}
    next_start = successor(Handover(), AUTO, "webgpu", "device lost", GPU, SELFIE, unable=unable)
    assert next_start is not None
    assert (next_start.backend, next_start.failed) == ("wasm", {"webgpu": "device lost"})
