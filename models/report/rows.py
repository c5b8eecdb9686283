"""Rows of the models' table: the cards of a build combined with the measured figures.

Does not format tables (report.py and docs.py do) and does not measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.card import ModelCard

BACKENDS = ("wasm-ort", "webgl", "webgpu")
# The format of a loss, by metric.
LOSSES = {
    "iou": "{:.2%} IoU",
    "points": "{:.2g} px",
    "top1": "{:.1%} first labels",
    "top5": "{:.1%} first five",
    "features": "{:.1e} cosine",
    "outputs": "{:.1e} cosine",
}
ROUNDING = {"points": 1e-3}  # a smaller loss is rounding; for other metrics, below 5e-7


@dataclass(frozen=True)
class Row:
    """One variant of a card: a measured candidate, or a variant that a build ships without figures.

    `backends` are those it was made for, `ships` those it ships on. By backend, `ratio` is its time relative
    to float32, `failure` the reason why it did not run, and `why` the reason of the choice. `loss` is None
    for the reference, float32.
    """

    variant: str
    backends: tuple[str, ...]
    ships: tuple[str, ...]
    bytes: int
    loss: Mapping[str, float] | None
    ratio: Mapping[str, float]
    failure: Mapping[str, str]
    why: Mapping[str, str]


def rows(card: ModelCard, figures: Mapping[str, Any]) -> list[Row]:
    """The rows of a card in the build: its measured candidates, then its variants without figures."""
    measured: dict[str, list[Mapping[str, Any]]] = {}
    for row in figures.get("rows", ()):
        if row["card"] == card.id:
            measured.setdefault(row["variant"], []).append(row)
    shipped = {variant.id: variant for variant in card.variants}
    refused: Mapping[str, str] = card.report.get("refused", {})  # by this build's own check of the gates
    result = []
    for name, each in measured.items():
        variant = shipped.pop(name, None)
        result.append(
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
        loss = card.report.get("variants", {}).get(variant.id, {}).get("loss")
        why = dict.fromkeys(variant.backends, "it was not measured in a browser")
        result.append(Row(variant.id, variant.backends, variant.backends, variant.bytes, loss, {}, {}, why))
    return [*result, *_compiled(card)]


def compiled_text(card: ModelCard) -> str:
    """What the compiled model was made of and how far it is from it, or why there is none."""
    if card.uncompiled:
        return f"not compiled: {card.uncompiled}"
    if not card.compiled:
        return ""
    made = card.report["compiled"]
    apart = ", ".join(f"{name} {short(value)}" for name, value in made["differences"].items())
    return f"compiled from {made['of']} in {made['seconds']} s; largest differences from it: {apart}"


def _compiled(card: ModelCard) -> Iterable[Row]:
    """The row of the compiled model, with the loss of its origin, or of the reason why there is none."""
    if not card.compiled:
        if card.uncompiled:
            yield Row("compiled", ("wasm",), (), 0, {}, {}, {}, {"wasm": compiled_text(card)})
        return
    origin = card.report["variants"][card.report["compiled"]["of"]]
    variant, why = card.compiled[-1], {"wasm": compiled_text(card)}
    yield Row(variant.id, variant.backends, variant.backends, variant.bytes, origin.get("loss"), {}, {}, why)


def loss_text(loss: Mapping[str, float] | None) -> str:
    """A loss in words: "0" where it is rounding, "not measured" where empty, "reference" for None."""
    if loss is None:
        return "reference"
    if not loss:
        return "not measured"
    if all(value < ROUNDING.get(name, 5e-7) for name, value in loss.items()):
        return "0"
    return ", ".join(LOSSES[name].format(value) for name, value in loss.items())


def reasons(row: Row) -> str:
    """Why a variant ships or not: each reason once, with its backends where the reasons differ."""
    by_reason: dict[str, list[str]] = {}
    for backend, why in row.why.items():
        by_reason.setdefault(why, []).append(backend)
    if len(by_reason) == 1:
        return next(iter(by_reason))
    return "; ".join(f"{', '.join(backends)}: {why}" for why, backends in by_reason.items())


def size(count: int) -> str:
    """A number of bytes in MB, or in kB below one MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def short(value: Any) -> str:
    """A small number with one digit; other values as text."""
    return f"{value:.0e}".replace("e-0", "e-") if isinstance(value, float) else str(value)


def order(cards: Iterable[ModelCard]) -> list[ModelCard]:
    """The cards in the build, then those that are missing."""
    return sorted(cards, key=lambda card: bool(card.missing))
