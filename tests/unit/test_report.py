"""The models' tables: their content, that they are safe HTML, and that docs/models.md is up to date."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from app.core.card import Graph, Input, ModelCard, Variant
from models.report import docs, report, rows
from models.spec import cards
from models.variants import choice

GRAPH = Graph("models/selfie-int8.0.onnx", 148_102, "0" * 64)
CARD = ModelCard(
    *("selfie", "Selfie <b>", "segmenter", "About & more.", "Apache-2.0"),
    Input(256, 256, "stretch"),
    (256, 256),
    variants=(Variant("int8", ("wasm-ort",), (GRAPH,)),),
    report={
        "parity": {"noise": 8e-8, "photo": 6.8e-5},
        "variants": {"int8": {"fused": 1e-7, "nodes": 9, "operators": ["Conv"], "loss": {"iou": 0.0038}}},
        "source": "npm @mediapipe/x 1.0: a.tflite",
        "sha256": "0" * 64,
        "credit": "Google",
    },
)
MISSING = ModelCard(
    *("gone", "Gone", "network", "Not here.", "MIT"),
    Input(64, 64, "stretch"),
    (0, 0),
    missing="Gone is left out: no source has its file",
)


def row(variant: str, backend: str, **given: Any) -> dict[str, Any]:
    """A row of figures."""
    plain = {"card": "selfie", "weights": variant, "loads": True, "said": "", "ratio": 1.0, "bytes": 400_000}
    plain |= {"ms": 7.5, "error": 0.0}
    plain |= {"loss": {"iou": 0.0}, "page": {"iou": 0.0}, "ships": False, "why": "larger than int8"}
    return {**plain, "variant": variant, "backend": backend, **given}


FIGURES: dict[str, Any] = {
    "machine": "2 cores",
    "gpu": "No GPU",
    "date": "2026-11-22",
    "browser": "Chromium 1",
    "versions": {"onnxruntime-web": "1.30.0"},
    "rows": [
        row("fp32", "wasm-ort"),
        row(
            "int8",
            "wasm-ort",
            bytes=148_102,
            error=0.03,
            ratio=0.93,
            loss={"iou": 0.0038},
            ships=True,
            why="the smallest",
        ),
        row("webgl-fp16", "webgl", said="unsupported data type", loads=False, ratio=None, why="does not run"),
    ],
}


class Cells(HTMLParser):
    """The cells of the table #models, row by row, and every tag of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self.inside = self.inside or (tag, dict(attributes).get("id")) == ("table", "models")
        if self.inside and tag == "tr":
            self.rows.append([])
        if self.inside and tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "table"

    def handle_data(self, data: str) -> None:
        if self.inside and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def test_one_table_holds_every_candidate_and_says_what_is_missing() -> None:
    found = Cells(report.page([MISSING, CARD], FIGURES)).rows
    assert found[0] == list(report.HEADS)
    assert [line[:5] for line in found[1:-1]] == [
        ["Selfie <b>", "fp32", "–", "400 kB", "7e-5"],
        ["Selfie <b>", "int8", "wasm-ort", "148 kB", "7e-5"],
        ["Selfie <b>", "webgl-fp16", "–", "400 kB", "7e-5"],
    ]
    assert found[2][5:10] == ["0.38% IoU", "× 0.93", "–", "–", "the smallest"]
    assert found[3][7] == "does not run"
    assert found[-1] == ["Gone", "Gone is left out: no source has its file"]


def test_the_page_keeps_to_its_csp() -> None:
    page = report.page([CARD, MISSING], FIGURES)
    tags = Cells(page).tags
    assert [a for tag, a in tags if tag == "script"] == [{"type": "module", "src": "report.js"}]
    assert not any(name.startswith("on") or name == "style" for _, a in tags for name in a)
    assert "<b>" not in page


def test_a_cell_sorts_by_its_number() -> None:
    values = re.findall(r'data-value="([^"]+)">(\d+ kB)', report.page([CARD], FIGURES))
    assert values == [("400000", "400 kB"), ("148102", "148 kB"), ("400000", "400 kB")]


def test_what_nobody_measured_is_in_the_table_as_well() -> None:
    (found,) = rows.rows(CARD, {})
    assert (found.variant, found.ships, found.why) == (
        "int8",
        ("wasm-ort",),
        {"wasm-ort": "it was not measured in a browser"},
    )
    assert "bench variants" in report.page([CARD], {})


def test_what_is_compiled_says_of_what_and_how_exactly() -> None:
    weights = Graph("models/selfie-weights.0.bin", 140_000, "1" * 64)
    module = Variant(
        "compiled", ("wasm",), (Graph("models/selfie-compiled.0.wasm", 80_000, "2" * 64, weights),)
    )
    made = {"of": "int8", "differences": {"mask": 2e-4}, "seconds": 1.5}
    card = replace(CARD, compiled=(module,), report={**CARD.report, "compiled": made})
    found = rows.rows(card, FIGURES)[-1]
    assert (found.variant, found.ships, found.bytes) == ("compiled", ("wasm",), 220_000)
    assert found.loss == {"iou": 0.0038}
    why = "compiled from int8 in 1.5 s; largest differences from it: mask 2e-4"
    assert rows.reasons(found) == why
    assert why in report.text([card]) and why in report.page([card], FIGURES)


def test_what_cannot_be_compiled_says_why() -> None:
    card = replace(CARD, uncompiled="Erf is not supported")
    found = rows.rows(card, FIGURES)[-1]
    assert (found.variant, found.ships) == ("compiled", ())
    assert rows.reasons(found) == "not compiled: Erf is not supported"
    assert "not compiled: Erf is not supported" in report.text([card])
    assert "not compiled: Erf is not supported" in report.page([card], FIGURES)


def test_what_this_build_refused_says_so() -> None:
    card = replace(
        CARD, variants=(), report={**CARD.report, "refused": {"int8": "its iou loss 0.2 exceeds the gate"}}
    )
    found = next(each for each in rows.rows(card, FIGURES) if each.variant == "int8")
    assert (found.ships, rows.reasons(found)) == ((), "its iou loss 0.2 exceeds the gate")


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (None, "reference"),
        ({}, "not measured"),
        ({"iou": 1e-9}, "0"),
        ({"iou": 0.0}, "0"),
        ({"points": 0.123}, "0.12 px"),
        ({"top1": 0.01, "top5": 0.0, "features": 2e-5}, "1.0% first labels, 0.0% first five, 2.0e-05 cosine"),
    ],
)
def test_a_loss_in_words(loss: dict[str, float] | None, expected: str) -> None:
    assert rows.loss_text(loss) == expected


def test_the_terminal_shows_it_too() -> None:
    found = report.text([CARD, MISSING])
    assert "0.38% IoU" in found
    assert "gone: Gone is left out" in found


def test_the_documentation_is_up_to_date() -> None:
    text = docs.text(cards.read_all(), choice.read_figures())
    assert docs.PATH.read_text("utf-8") == text, "docs/models.md is stale. Run: python3 build.py models"


def test_the_documentation_is_written_where_it_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "models.md"
    docs.write(path)
    assert path.read_text("utf-8") == docs.PATH.read_text("utf-8")
    before = path.stat().st_mtime_ns
    docs.write(path)
    assert path.stat().st_mtime_ns == before
    path.write_text("stale", "utf-8")
    docs.write(path)
    assert path.read_text("utf-8") == docs.PATH.read_text("utf-8")


def test_the_documentation_shows_what_ships() -> None:
    card = next(card for card in cards.read_all() if card.id == "selfie")
    person = {"card": "selfie", "set": "npr", "pictures": 100, "published": 0.9648, "native": 0.9648}
    page = {
        "wasm-ort": {"pictures": 100, "iou": 0.9641},
        "webgl": {"pictures": 8, "iou": 0.97, "published": 0.98},
    }
    figures = {**FIGURES, "parity": {"selfie": {"photo": 6.8e-5}}, "person": [{**person, "page": page}]}
    found = docs.text([card], json.loads(json.dumps(figures)))
    assert (
        "| Selfie | 256 × 256 | int8 148 kB | – | fp16 | 7.5 | int8: 0.38% IoU | int8: 3e-2 | 7e-5 |" in found
    )
    assert "| Selfie, npr | 100 | 0.9648 | 0.9648 | 0.9641 | 0.9700 (8, published 0.9800) | – |" in found
