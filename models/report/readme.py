"""The README's section on models, from models/variants/figures.json and the cards: `python3 build.py models`.

Does not measure and needs no build: every machine writes the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.report.rows import BACKENDS, lost, short, size
from models.spec.card import Card
from models.spec.cards import read_all
from models.variants import choice, provenance

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- models: written by `python3 build.py models` from models/variants/figures.json -->"
END = "<!-- end of models -->"
TIMED = "wasm"  # the backend whose milliseconds are in the table: no other was measured on all machines
ROUNDING = 1e-3  # of the range; WebGL's detectors sum in another order and are 1e-4 apart


def write(path: Path = README) -> None:
    """The section, anew. Raises ValueError where the README has no place for it."""
    old = path.read_text("utf-8")
    new = written(old, section(read_all(), choice.read()))
    if new != old:
        path.write_text(new, "utf-8")


def written(text: str, section: str) -> str:
    """A README with the section between its two marks. Raises ValueError without them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no {BEGIN} and {END} for the models' tables to stand between")
    return f"{head}{BEGIN}\n{section}\n{END}{tail}"


def section(cards: Sequence[Card], figures: Mapping[str, Any]) -> str:
    """The tables, as Markdown."""
    parts = [_models(cards, figures), *provenance.told(figures, [card.id for card in cards])]
    if figures.get("person"):
        parts.append(_people(cards, figures["person"]))
    return "\n\n".join(parts)


def _models(cards: Sequence[Card], figures: Mapping[str, Any]) -> str:
    """A row a card: what ships on each backend, what that loses, how far the network is off the published."""
    measured = {(r["card"], r["variant"], r["backend"]): r for r in figures.get("rows", ())}
    head = ["Model", "Input", *BACKENDS, "ms, wasm", "Loss against float32", "Largest error"]
    head.append("Off the published model")
    body = []
    for card in cards:
        chosen = choice.chosen(card, figures)
        cells, losses, errors, times = [], [], [], []
        for backend in BACKENDS:
            shipped = [wanted for wanted in chosen if backend in wanted.backends]
            rows = [(wanted, measured.get((card.id, wanted.id, backend))) for wanted in shipped]
            cells.append(", ".join(_form(wanted.weights, row) for wanted, row in rows) or "–")
            losses += [f"{wanted.weights}: {lost(row['loss'])}" for wanted, row in rows if row]
            errors += [(wanted.weights, row["error"]) for wanted, row in rows if row]
            times += [row["ms"] for _, row in rows if row and row["ms"] and backend == TIMED]
        parity = figures.get("parity", {}).get(card.id, {})
        worst = [value for value in parity.values() if isinstance(value, float)]
        told = [loss for loss in dict.fromkeys(losses) if not loss.endswith(": none")]
        body.append(
            [
                card.title,
                f"{card.input.height} × {card.input.width}",
                *cells,
                ", ".join(f"{ms:.1f}" for ms in times) or "not measured",
                "; ".join(told) or ("none" if losses else "not measured"),
                _errors(errors) or ("none" if errors else "not measured"),
                short(max(worst)) if worst else "not measured",
            ]
        )
    return _table(head, body)


def _errors(found: Sequence[tuple[str, float]]) -> str:
    """By variant: the largest on any backend, left out where it is rounding."""
    worst = {name: max(error for other, error in found if other == name) for name, _ in found}
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
        body.append([title, row["pictures"], _share(row["published"]), _share(row["native"]), *pages])
    return _table(head, body)


def _page(row: Mapping[str, Any], page: Mapping[str, Any] | None) -> str:
    """A backend's IoU; where it ran fewer pictures, how many and the published model's on the same."""
    if page is None:
        return "–"
    if page["pictures"] == row["pictures"]:
        return _share(page["iou"])
    beside = f", published {_share(page['published'])}" if "published" in page else ""
    return f"{_share(page['iou'])} ({page['pictures']}{beside})"


def _share(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "not measured"


def _table(head: Sequence[object], body: Iterable[Sequence[object]]) -> str:
    lines = (head, ["---"] * len(head), *body)
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
