"""Which of a card's candidates ship on which backend, from measured figures; a pure function of both.

Does not measure (bench/variants.py does) and does not make a variant.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.spec.card import Card, Wanted
from models.variants import provenance

FIGURES = Path(__file__).with_name("figures.json")
# Times of the fastest candidate that keeps its gates. float32 and halves fold to the same computation, and
# were measured up to 1.054 apart on WASM (BlazeFace): less than this is not a difference.
SLOWER = 1.1
# What ships on a backend that nothing was measured on: the first of these that the card has.
UNMEASURED = {"wasm": ("fp16", "fp32"), "webgpu": ("fp16", "fp32"), "webgl": ("fp32", "fp16")}
# The same where the file's weights are integers: stored as they are they lose nothing, as halves they may.
UNMEASURED_PACKED = {**UNMEASURED, "wasm": ("int8", "fp16", "fp32"), "webgpu": ("int8", "fp16", "fp32")}
# What the browser must have besides the backend, by how a variant computes.
NEEDS = {"half": "shader-f16"}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Whether a candidate ships on a backend, and the reason, as part of a sentence."""

    wanted: Wanted
    backend: str
    ships: bool
    why: str


def read(path: Path = FIGURES) -> dict[str, Any]:
    """The measured figures; empty where there are none."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def chosen(card: Card, figures: Mapping[str, Any], packed: bool = False) -> tuple[Wanted, ...]:
    """What ships, each with the backends it ships on, in the order `ModelCard.variant` looks.

    On a backend: the smallest candidate that loads, keeps the card's gates and, where time was measured,
    takes at most SLOWER times as long as the fastest; before it one that needs a feature of the browser.
    `packed`: the published file's weights are integers.
    """
    shipped: dict[Wanted, list[str]] = {}
    for verdict in verdicts(card, figures, packed):
        if verdict.ships:
            shipped.setdefault(verdict.wanted, []).append(verdict.backend)
    found = [replace(wanted, backends=tuple(backends)) for wanted, backends in shipped.items()]
    return tuple(sorted(found, key=lambda wanted: wanted.weights not in NEEDS))


def verdicts(card: Card, figures: Mapping[str, Any], packed: bool = False) -> list[Verdict]:
    """A verdict for each candidate on each of its backends, by backend."""
    timed = provenance.timed(figures, card.id)
    measured = {
        (row["variant"], row["backend"]): row for row in figures.get("rows", ()) if row["card"] == card.id
    }
    found: list[Verdict] = []
    for backend in dict.fromkeys(backend for wanted in card.wanted for backend in wanted.backends):
        candidates = [wanted for wanted in card.wanted if backend in wanted.backends]
        rows = {
            wanted: measured[wanted.id, backend] for wanted in candidates if (wanted.id, backend) in measured
        }
        if rows:
            found += _measured(card, backend, candidates, rows, backend in timed)
        else:
            found += _unmeasured((UNMEASURED_PACKED if packed else UNMEASURED)[backend], backend, candidates)
    return found


def missed(gates: Mapping[str, float], losses: Mapping[str, float]) -> list[str]:
    """A sentence part for each gate that a loss is above, or that no loss was measured for."""
    return [
        f"{name} {losses[name]:.3g} is above its gate {gate:.2g}"
        if name in losses
        else f"{name} is not measured: the pictures show nothing to measure it on"
        for name, gate in gates.items()
        if name not in losses or not losses[name] <= gate
    ]


def _unmeasured(order: Sequence[str], backend: str, candidates: Sequence[Wanted]) -> list[Verdict]:
    first = min(candidates, key=lambda w: order.index(w.weights) if w.weights in order else len(order))
    return [
        Verdict(wanted, backend, wanted is first, "what ships where nothing was measured" * (wanted is first))
        for wanted in candidates
    ]


def _measured(
    card: Card, backend: str, candidates: Sequence[Wanted], rows: Mapping[Wanted, Row], timed: bool
) -> list[Verdict]:
    reasons = {wanted: _refused(card, wanted, rows.get(wanted)) for wanted in candidates}
    able = {wanted: rows[wanted] for wanted in candidates if not reasons[wanted]}
    special = [wanted for wanted in able if wanted.weights in NEEDS]
    plain = {wanted: row for wanted, row in able.items() if wanted not in special}
    ratios = [row["ratio"] for row in plain.values() if row["ratio"] is not None]
    if timed and ratios:
        for wanted, row in list(plain.items()):
            slower = row["ratio"] / min(ratios) if row["ratio"] is not None else float("inf")
            if slower > SLOWER:
                reasons[wanted] = f"takes {slower:.3f} times as long as the fastest"
                del plain[wanted]
    best = min(plain, key=lambda wanted: (rows[wanted]["bytes"], wanted.id), default=None)
    for wanted in plain:
        if best is not None and wanted is not best:
            reasons[wanted] = f"larger than {best.id}, which keeps the gates"
    found = []
    for wanted in candidates:
        ships = wanted is best or wanted in special
        why = reasons[wanted]
        if wanted is best:
            why = "the smallest that keeps the gates" + ", and as fast as any" * timed
        elif wanted in special:
            why = f"keeps the gates, for browsers with {NEEDS[wanted.weights]}"
            why += ", which this one has not: computed natively with the same rounding" * (
                rows[wanted]["loads"] is None
            )
        found.append(Verdict(wanted, backend, ships, why))
    return found


def _refused(card: Card, wanted: Wanted, row: Row | None) -> str:
    """Why a candidate cannot ship; "" where it can.

    float32 is what others are measured against: where the pictures show nothing to measure, it ships.
    """
    if row is None:
        return "not measured"
    if row["loads"] is False:
        return f"does not run: {row['said']}"
    if row["loads"] is None and row["weights"] not in NEEDS:
        return f"not measured: {row['said']}"
    found = []
    for losses in (row["loss"], *([row["page"]] if row["loads"] else [])):
        gates = {name: gate for name, gate in card.loss.items() if name in losses or wanted.weights != "fp32"}
        found += missed(gates, losses)
    return found[0] if found else ""
