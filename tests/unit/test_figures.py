"""The figures in models/variants/figures.json are within the limits of the project. Does not measure."""

from __future__ import annotations

from typing import Any

import pytest

from models.spec import cards
from models.spec.card import Card
from models.variants import choice

EQUAL = 0.005  # largest difference in mean person IoU
SETS = {"npr": 100, "ccp60": 60}  # pictures
BACKENDS = ("wasm-ort", "webgl", "webgpu")
SEGMENTERS = [
    card for card in cards.read_all() if card.kind == "segmenter" and card.sources[0].files[0].local == ""
]
FIGURES = choice.read_figures()


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("id", [card.id for card in SEGMENTERS])
def test_person_iou_is_the_published_models(id: str, name: str) -> None:
    """Native and in the page, each on the same pictures as the published model."""
    rows = [row for row in FIGURES["person"] if (row["card"], row["set"]) == (id, name)]
    assert len(rows) == 1, f"run: python3 build.py bench variants {id}"
    row: dict[str, Any] = rows[0]
    assert row["pictures"] == SETS[name]
    assert abs(row["published"] - row["native"]) <= EQUAL
    assert row["page"]["wasm-ort"]["pictures"] == SETS[name]
    if name == "npr":  # an emulated GPU runs some pictures of one set
        assert set(row["page"]) == set(BACKENDS)
    for page in row["page"].values():
        assert abs(page["published"] - page["iou"]) <= EQUAL


@pytest.mark.parametrize("card", cards.read_all(), ids=lambda card: str(card.id))
def test_a_card_is_measured_whole(card: Card) -> None:
    """All candidates on all their backends, or none: a choice among some is not one."""
    measured = {(r["variant"], r["backend"]) for r in FIGURES["rows"] if r["card"] == card.id}
    every = {(wanted.id, backend) for wanted in card.variants for backend in wanted.backends}
    assert measured in (set(), every), f"run: python3 build.py bench variants {card.id}"
