"""The choice of variants from invented figures: the smallest that loads, within its gates, not slower."""

from __future__ import annotations

from typing import Any

import pytest

from models.spec import cards
from models.spec.card import Card
from models.variants import choice


@pytest.fixture
def card() -> Card:
    return next(card for card in cards.read_all() if card.id == "selfie")


def row(variant: str, backend: str, size: int, **given: Any) -> dict[str, Any]:
    """A row of figures; one that ships unless something smaller does."""
    plain = {"card": "selfie", "weights": variant, "loads": True, "said": "", "ratio": 1.0, "bytes": size}
    plain |= {"loss": {"iou": 0.0}, "page": {"iou": 0.0}}
    return {**plain, "variant": variant, "backend": backend, **given}


def ships(card: Card, *rows: dict[str, Any]) -> dict[str, str]:
    """Backend -> what ships there."""
    return {
        backend: wanted.id for wanted in choice.chosen(card, {"rows": rows}) for backend in wanted.backends
    }


def test_the_smallest_that_keeps_its_gates_ships(card: Card) -> None:
    found = ships(
        card,
        row("fp32", "wasm-ort", 400),
        row("fp16", "wasm-ort", 200, loss={"iou": 0.001}),
        row("int8", "wasm-ort", 100, loss={"iou": 0.02}),
    )
    assert found["wasm-ort"] == "fp16"


def test_a_loss_in_the_page_counts_as_well(card: Card) -> None:
    rows = row("fp32", "webgpu", 400), row("fp16", "webgpu", 200, page={"iou": 0.5})
    assert ships(card, *rows)["webgpu"] == "fp32"
    verdict = next(
        v for v in choice.verdicts(card, {"rows": rows}) if v.variant.id == "fp16" and v.backend == "webgpu"
    )
    assert (verdict.ships, verdict.why) == (False, "its iou loss 0.5 exceeds the gate 0.005")


@pytest.mark.parametrize("place", ["loss", "page"])
def test_what_nothing_was_measured_on_does_not_ship(card: Card, place: str) -> None:
    """Pictures without a person prove nothing about a segmenter. float32 is the reference and has no loss."""
    rows = row("fp32", "wasm-ort", 400, **{place: {}}), row("fp16", "wasm-ort", 200, **{place: {}})
    assert ships(card, *rows)["wasm-ort"] == "fp32"
    why = {v.variant.id: v.why for v in choice.verdicts(card, {"rows": rows}) if v.backend == "wasm-ort"}
    assert why["fp16"].startswith("its iou loss is not measured")


@pytest.mark.parametrize(("ratio", "expected"), [(1.0, "int8"), (1.09, "int8"), (1.11, "fp32")])
def test_what_is_slower_on_wasm_does_not_ship(card: Card, ratio: float, expected: str) -> None:
    assert (
        ships(card, row("fp32", "wasm-ort", 400), row("int8", "wasm-ort", 100, ratio=ratio))["wasm-ort"]
        == expected
    )


def test_times_of_an_emulated_gpu_do_not_count(card: Card) -> None:
    assert ships(card, row("fp32", "webgpu", 400), row("int8", "webgpu", 100, ratio=3.0))["webgpu"] == "int8"


def test_times_of_a_real_gpu_do(card: Card) -> None:
    stamp = dict.fromkeys(("date", "browser", "machine", "onnxruntime-web"), "")
    rows = row("fp32", "webgpu", 400), row("int8", "webgpu", 100, ratio=3.0)
    for emulated, expected in ((False, "fp32"), (True, "int8")):
        gpu = {"webgpu": {"name": "nvidia hopper", "imitated": emulated}}
        figures = {"rows": rows, "stamps": {"selfie": {**stamp, "gpu": gpu}}}
        found = {b: w.id for w in choice.chosen(card, figures) for b in w.backends}
        assert found["webgpu"] == expected
        assert {b: w.id for w in choice.chosen(card, {"rows": rows}) for b in w.backends}["webgpu"] == "int8"


def test_what_does_not_load_does_not_ship(card: Card) -> None:
    rows = row("fp32", "wasm-ort", 400), row("int8", "wasm-ort", 100, loads=False, said="no such operator")
    assert ships(card, *rows)["wasm-ort"] == "fp32"
    assert "it does not run: no such operator" in {v.why for v in choice.verdicts(card, {"rows": rows})}
    assert "wasm-ort" not in ships(card, row("fp32", "wasm-ort", 400, loads=False, said="no"))


def test_halves_come_first_and_need_their_feature(card: Card) -> None:
    rows = (
        row("fp16", "webgpu", 200),
        row("half", "webgpu", 200, loads=None, said="no shader-f16", ratio=None),
    )
    found = [wanted for wanted in choice.chosen(card, {"rows": rows}) if "webgpu" in wanted.backends]
    assert [wanted.id for wanted in found] == ["half", "fp16"]
    assert choice.NEEDS[found[0].weights] == "shader-f16"
    late = row("half", "webgpu", 200, loss={"iou": 0.006})
    assert ships(card, rows[0], late)["webgpu"] == "fp16"


def test_a_card_nobody_measured_ships_what_is_safe(card: Card) -> None:
    assert ships(card) == {"wasm-ort": "fp16", "webgpu": "fp16", "webgl": "webgl"}
    integers = {b: w.id for w in choice.chosen(card, {}, quantised=True) for b in w.backends}
    assert integers == {"wasm-ort": "int8", "webgpu": "int8", "webgl": "webgl"}


def test_one_file_serves_two_backends(card: Card) -> None:
    rows = row("fp16", "wasm-ort", 200), row("fp16", "webgpu", 200)
    found = {wanted.id: wanted.backends for wanted in choice.chosen(card, {"rows": rows})}
    assert found["fp16"] == ("wasm-ort", "webgpu")


def test_what_is_written_down_is_what_is_chosen() -> None:
    """The reasons in models/variants/figures.json are those of today's gates and rule."""
    figures = choice.read_figures()
    known = {card.id: card for card in cards.read_all()}
    written = {
        (row["card"], row["variant"], row["backend"]): (row["ships"], row["why"])
        for row in figures.get("rows", ())
        if row["card"] in known
    }
    found = {
        (card.id, v.variant.id, v.backend): (v.ships, v.why)
        for card in known.values()
        for v in choice.verdicts(card, figures)
    }
    assert {key: found.get(key) for key in written} == written, "run: python3 build.py bench variants --judge"
