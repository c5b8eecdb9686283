"""Rows of the models' table: the cards of a build and the measured figures, brought together.

Does not say how they look (report.py, readme.py) and measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.card import ModelCard

BACKENDS = ("wasm", "webgl", "webgpu")
# A loss in words, by metric.
LOSSES = {
    "iou": "{:.2%} IoU",
    "points": "{:.2g} px",
    "top1": "{:.1%} first labels",
    "top5": "{:.1%} first five",
    "features": "{:.1e} cosine",
    "outputs": "{:.1e} cosine",
}
NONE = {"points": 1e-3}  # a loss below is rounding; of a metric not named here, 5e-7


@dataclass(frozen=True)
class Row:
    """One variant of a card: a candidate that was measured, or what a build ships unmeasured.

    `backends` are those it was made for, `ships` those it ships on. `ratio` is its time in times of float32's
    on the same backend, `said` why it did not run there; `why` the choice's reasons, by backend.
    """

    variant: str
    backends: tuple[str, ...]
    ships: tuple[str, ...]
    bytes: int
    loss: Mapping[str, float]
    ratio: Mapping[str, float]
    said: Mapping[str, str]
    why: Mapping[str, str]


def rows(card: ModelCard, figures: Mapping[str, Any]) -> list[Row]:
    """The rows of a card that is in the build: its measured candidates, then what nobody measured."""
    measured: dict[str, list[Mapping[str, Any]]] = {}
    for row in figures.get("rows", ()):
        if row["card"] == card.id:
            measured.setdefault(row["variant"], []).append(row)
    shipped = {variant.id: variant for variant in card.variants}
    refused: Mapping[str, str] = card.report.get("refused", {})  # by this build's own look at the gates
    found = []
    for name, each in measured.items():
        variant = shipped.pop(name, None)
        found.append(
            Row(
                name,
                tuple(row["backend"] for row in each),
                variant.backends if variant else (),
                variant.bytes if variant else each[0]["bytes"],
                each[0]["loss"],
                {row["backend"]: row["ratio"] for row in each if row["ratio"] is not None},
                {row["backend"]: row["said"] for row in each if row["said"]},
                {row["backend"]: refused.get(name, row["why"]) for row in each},
            )
        )
    for variant in shipped.values():
        loss = card.report.get("variants", {}).get(variant.id, {}).get("loss", {})
        why = dict.fromkeys(variant.backends, "not measured in a browser")
        found.append(Row(variant.id, variant.backends, variant.backends, variant.bytes, loss, {}, {}, why))
    return found


def lost(loss: Mapping[str, float]) -> str:
    """A loss in words: "none" where it is rounding, "" where nothing was measured."""
    if not loss:
        return ""
    if all(value < NONE.get(name, 5e-7) for name, value in loss.items()):
        return "none"
    return ", ".join(LOSSES[name].format(value) for name, value in loss.items())


def reasons(row: Row) -> str:
    """Why a variant ships or not, each reason once, with the backends it holds for where they differ."""
    by_reason: dict[str, list[str]] = {}
    for backend, why in row.why.items():
        by_reason.setdefault(why, []).append(backend)
    if len(by_reason) == 1:
        return next(iter(by_reason))
    return "; ".join(f"{', '.join(backends)}: {why}" for why, backends in by_reason.items())


def size(count: int) -> str:
    """Bytes in words: kB below one MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def short(value: Any) -> str:
    """A small number, or the words that stand for it."""
    return f"{value:.0e}".replace("e-0", "e-") if isinstance(value, float) else str(value)


def order(cards: Iterable[ModelCard]) -> list[ModelCard]:
    """Cards that are there, then those that are missing."""
    return sorted(cards, key=lambda card: bool(card.missing))
