"""Writes docs/models.md from the cards and models/variants/figures.json: `python3 build.py models`.

Does not measure and needs no build: the text is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.report.rows import BACKENDS, loss_text, short, size
from models.spec.card import Card
from models.spec.cards import read_all
from models.variants import choice, provenance

PATH = Path(__file__).parents[2] / "docs" / "models.md"
TIMED = "wasm-ort"  # the backend whose milliseconds are in the table; the others' depend on the GPU
ROUNDING = 1e-3  # of the range; WebGL's detectors sum in another order and differ by 1e-4

HEAD = """# Models

<!-- Written by `python3 build.py models`. Change models/cards or models/variants/figures.json instead. -->

`python3 build.py models` prints the models of a build and how they were checked, and writes this file.
`python3 build.py models add FILE_OR_URL` adds a model. `python3 build.py bench variants` measures the
candidates of all cards, or of the named ones, and writes
[models/variants/figures.json](../models/variants/figures.json)."""
VARIANTS = """## What ships

Each backend column has the variant that ships there, with its size. `dist/models.html` lists all
candidates, with their losses, their times and the reason why each ships or does not.
[variants.md](variants.md) describes the candidates and the decisions.

A variant ships on a backend when it is the smallest one that runs there, is within the gates of its card
and, on WASM and on real GPUs, takes at most 1.1 times as long as the fastest. The backend `wasm` runs
what ships on `wasm-ort`, compiled to WebAssembly: `dist/models.html` says how far it is from it, or why
a model could not be compiled."""
COLUMNS = """\
- **Loss against float32** is measured in the terms of the model's task; 0 means less than rounding.
- **Largest error** is the largest difference of any number in any output from float32, relative to the
  range of the output, where it is more than rounding.
- **Difference from the published model** is the largest difference between the imported float graph and
  the published model in its own runtime, relative to the range of the output. A model published in
  integers rounds in every layer and the float graph does not, so the two differ by that rounding."""
PEOPLE = """## Person masks

The table has the mean IoU of each segmenter's person masks with true masks, for the published model in
its own runtime and for the model here. Where an emulated GPU ran fewer pictures, their number and the
published model's IoU on the same pictures are in brackets."""


def write(path: Path | None = None) -> None:
    """Writes docs/models.md, or another file, where it is out of date."""
    path = path or PATH
    new = text(read_all(), choice.read_figures())
    if not path.is_file() or path.read_text("utf-8") != new:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(new, "utf-8")


def text(cards: Sequence[Card], figures: Mapping[str, Any]) -> str:
    """The content of the file, as Markdown."""
    sentences = provenance.sentences(figures, [card.id for card in cards])
    parts = [HEAD, VARIANTS, _models(cards, figures), COLUMNS, *sentences]
    if figures.get("person"):
        parts += [PEOPLE, _people(cards, figures["person"])]
    return "\n\n".join(parts) + "\n"


def _models(cards: Sequence[Card], figures: Mapping[str, Any]) -> str:
    """A row for each card: what ships on each backend, its loss, the difference from the published model."""
    measured = {(r["card"], r["variant"], r["backend"]): r for r in figures.get("rows", ())}
    head = ["Model", "Input", *BACKENDS, "ms, wasm-ort", "Loss against float32", "Largest error"]
    head.append("Difference from the published model")
    body = []
    for card in cards:
        chosen = choice.chosen(card, figures)
        cells, losses, errors, times = [], [], [], []
        for backend in BACKENDS:
            shipped = [spec for spec in chosen if backend in spec.backends]
            rows = [(spec, measured.get((card.id, spec.id, backend))) for spec in shipped]
            cells.append(", ".join(_form(spec.weights, row) for spec, row in rows) or "–")
            losses += [(spec.weights, loss_text(row["loss"])) for spec, row in rows if row]
            errors += [(spec.weights, row["error"]) for spec, row in rows if row]
            times += [row["ms"] for _, row in rows if row and row["ms"] and backend == TIMED]
        parity = figures.get("parity", {}).get(card.id, {})
        worst = [value for value in parity.values() if isinstance(value, float)]
        lossy = [f"{weights}: {loss}" for weights, loss in dict.fromkeys(losses) if loss != "0"]
        body.append(
            [
                card.title,
                f"{card.input.height} × {card.input.width}",
                *cells,
                ", ".join(f"{ms:.1f}" for ms in times) or "not measured",
                "; ".join(lossy) or ("0" if losses else "not measured"),
                _errors(errors) or ("rounding" if errors else "not measured"),
                short(max(worst)) if worst else "not measured",
            ]
        )
    return _table(head, body)


def _errors(errors: Sequence[tuple[str, float]]) -> str:
    """The largest error of each variant on any backend, where it is more than rounding."""
    worst = {name: max(error for other, error in errors if other == name) for name, _ in errors}
    return "; ".join(f"{name}: {short(error)}" for name, error in worst.items() if error > ROUNDING)


def _form(weights: str, row: Mapping[str, Any] | None) -> str:
    need = f" ({choice.NEEDS[weights]})" if weights in choice.NEEDS else ""
    return f"{weights} {size(row['bytes'])}{need}" if row else f"{weights}{need}"


def _people(cards: Sequence[Card], rows: Iterable[Mapping[str, Any]]) -> str:
    titles = {card.id: card.title for card in cards}
    head = ["Person IoU, threshold 0.5", "Pictures", "Published", "Native", *(f"Page, {b}" for b in BACKENDS)]
    body = []
    for row in rows:
        pages = [_page(row, row["page"].get(backend)) for backend in BACKENDS]
        title = f"{titles.get(row['card'], row['card'])}, {row['set']}"
        body.append([title, row["pictures"], _iou(row["published"]), _iou(row["native"]), *pages])
    return _table(head, body)


def _page(row: Mapping[str, Any], page: Mapping[str, Any] | None) -> str:
    """The IoU on a backend; where it ran fewer pictures, also their number and the published model's IoU."""
    if page is None:
        return "–"
    if page["pictures"] == row["pictures"]:
        return _iou(page["iou"])
    published = f", published {_iou(page['published'])}" if "published" in page else ""
    return f"{_iou(page['iou'])} ({page['pictures']}{published})"


def _iou(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "not measured"


def _table(head: Sequence[object], body: Iterable[Sequence[object]]) -> str:
    lines = (head, ["---"] * len(head), *body)
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
