"""Chooses which candidates of a card ship on which backend, as a pure function of measured figures.

Does not measure (bench/variants.py does) and does not build variants.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.spec.card import Card, VariantSpec
from models.variants import provenance

FIGURES = Path(__file__).with_name("figures.json")
# A candidate may take this many times as long as the fastest. float32 and float16 weights fold to the same
# computation, yet were measured up to 1.054 apart on WASM (BlazeFace): less is not a difference.
SLOWER = 1.1
# What ships on a backend without figures: the first of these weights that the card has.
UNMEASURED = {"wasm-ort": ("fp16", "fp32"), "webgpu": ("fp16", "fp32"), "webgl": ("fp32", "fp16")}
# The same for a file with quantised weights: as integers they lose nothing, as float16 they may.
UNMEASURED_QUANTISED = {
    **UNMEASURED,
    "wasm-ort": ("int8", "fp16", "fp32"),
    "webgpu": ("int8", "fp16", "fp32"),
}
# The feature of the browser that a variant needs besides the backend, by its weights.
NEEDS = {"half": "shader-f16"}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Whether a candidate ships on a backend, and the reason as a part of a sentence."""

    variant: VariantSpec
    backend: str
    ships: bool
    why: str


def read_figures(path: Path = FIGURES) -> dict[str, Any]:
    """The measured figures; empty without the file."""
    figures: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return figures


def chosen(card: Card, figures: Mapping[str, Any], quantised: bool = False) -> tuple[VariantSpec, ...]:
    """The candidates that ship, each with the backends it ships on, in the order of `ModelCard.variant`.

    On each backend: the smallest candidate that loads, stays within the card's gates and, where times count,
    takes at most SLOWER times as long as the fastest; before it, any that needs a feature of the browser.
    `quantised`: the published file has quantised weights.
    """
    shipped: dict[VariantSpec, list[str]] = {}
    for verdict in verdicts(card, figures, quantised):
        if verdict.ships:
            shipped.setdefault(verdict.variant, []).append(verdict.backend)
    variants = [replace(variant, backends=tuple(backends)) for variant, backends in shipped.items()]
    return tuple(sorted(variants, key=lambda variant: variant.weights not in NEEDS))


def verdicts(card: Card, figures: Mapping[str, Any], quantised: bool = False) -> list[Verdict]:
    """A verdict for each candidate on each of its backends, grouped by backend."""
    timed = provenance.timed_backends(figures, card.id)
    measured = {
        (row["variant"], row["backend"]): row for row in figures.get("rows", ()) if row["card"] == card.id
    }
    result: list[Verdict] = []
    for backend in dict.fromkeys(backend for variant in card.variants for backend in variant.backends):
        candidates = [variant for variant in card.variants if backend in variant.backends]
        rows = {v: measured[v.id, backend] for v in candidates if (v.id, backend) in measured}
        if rows:
            result += _measured(card, backend, candidates, rows, backend in timed)
        else:
            order = (UNMEASURED_QUANTISED if quantised else UNMEASURED)[backend]
            result += _unmeasured(order, backend, candidates)
    return result


def missed_gates(gates: Mapping[str, float], losses: Mapping[str, float]) -> list[str]:
    """A part of a sentence for each gate that a loss exceeds, or for which no loss was measured."""
    return [
        f"its {name} loss {losses[name]:.3g} exceeds the gate {gate:.2g}"
        if name in losses
        else f"its {name} loss is not measured: no picture shows what it is measured on"
        for name, gate in gates.items()
        if name not in losses or not losses[name] <= gate
    ]


def _unmeasured(order: Sequence[str], backend: str, candidates: Sequence[VariantSpec]) -> list[Verdict]:
    first = min(candidates, key=lambda w: order.index(w.weights) if w.weights in order else len(order))
    return [
        Verdict(variant, backend, variant is first, "the default without figures" * (variant is first))
        for variant in candidates
    ]


def _measured(
    card: Card,
    backend: str,
    candidates: Sequence[VariantSpec],
    rows: Mapping[VariantSpec, Row],
    timed: bool,
) -> list[Verdict]:
    reasons = {variant: _refused(card, variant, rows.get(variant)) for variant in candidates}
    able = {variant: rows[variant] for variant in candidates if not reasons[variant]}
    special = [variant for variant in able if variant.weights in NEEDS]
    plain = {variant: row for variant, row in able.items() if variant not in special}
    ratios = [row["ratio"] for row in plain.values() if row["ratio"] is not None]
    if timed and ratios:
        for variant, row in list(plain.items()):
            slower = row["ratio"] / min(ratios) if row["ratio"] is not None else float("inf")
            if slower > SLOWER:
                reasons[variant] = f"it takes {slower:.3f} times as long as the fastest"
                del plain[variant]
    best = min(plain, key=lambda variant: (rows[variant]["bytes"], variant.id), default=None)
    for variant in plain:
        if best is not None and variant is not best:
            reasons[variant] = f"it is larger than {best.id}, which is within the gates"
    result = []
    for variant in candidates:
        why = reasons[variant]
        if variant is best:
            why = "the smallest within the gates" + (" and as fast as any" if timed else "")
        elif variant in special:
            why = f"within the gates, for browsers with {NEEDS[variant.weights]}"
            if rows[variant]["loads"] is None:
                why += "; this browser has no such feature, so the loss was computed natively"
        result.append(Verdict(variant, backend, variant is best or variant in special, why))
    return result


def _refused(card: Card, variant: VariantSpec, row: Row | None) -> str:
    """Why a candidate cannot ship; "" where it can.

    float32 is the reference of the losses, so it may ship where no loss could be measured.
    """
    if row is None:
        return "it was not measured"
    if row["loads"] is False:
        return f"it does not run: {row['said']}"
    if row["loads"] is None and row["weights"] not in NEEDS:
        return f"it was not measured: {row['said']}"
    reasons = []
    for losses in (row["loss"], *([row["page"]] if row["loads"] else [])):
        gates = {
            name: gate for name, gate in card.loss.items() if name in losses or variant.weights != "fp32"
        }
        reasons += missed_gates(gates, losses)
    return reasons[0] if reasons else ""
