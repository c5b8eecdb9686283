"""Writes models/variants/figures.json with a verdict beside every row, and prints its rows as a table.

Measures nothing and chooses nothing: models/variants/choice.py gives the verdicts.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import onnxruntime

from bench._report import print_table
from models.spec.card import Card
from models.variants import choice
from publish import ROOT

# Keys that described all cards together before each card had its own provenance.
OLD_HEAD = ("browser", "machine", "gpu", "date", "versions")
UNBOUNDED = 1e9  # stands for an infinite difference: JSON has no infinity


def replace(figures: dict[str, Any], name: str, card: Card, rows: list[dict[str, Any]]) -> None:
    """Replace the rows of a card in the list `name`."""
    figures[name] = [row for row in figures.get(name, ()) if row["card"] != card.id] + rows


def write(known: Mapping[str, Card], figures: dict[str, Any]) -> None:
    """Write the figures of the `known` cards with their verdicts, one row a line."""
    for card in known.values():
        verdicts = {(v.variant.id, v.backend): v for v in choice.verdicts(card, figures)}
        for row in figures.get("rows", ()):
            if row["card"] == card.id and (verdict := verdicts.get((row["variant"], row["backend"]))):
                row |= {"ships": verdict.ships, "why": verdict.why}
    for name in ("rows", "person"):
        rows = [row for row in figures.get(name, ()) if row["card"] in known]
        figures[name] = sorted(rows, key=lambda row: list(known).index(row["card"]))
    for name in ("parity", "stamps"):
        figures[name] = {id: value for id, value in figures.get(name, {}).items() if id in known}
    if all(row["card"] in figures["stamps"] for row in figures["rows"]):
        for name in OLD_HEAD:
            figures.pop(name, None)
    head = {name: value for name, value in figures.items() if name not in ("rows", "person")}
    lists = (
        f' "{name}": [\n  ' + ",\n  ".join(json.dumps(row) for row in figures[name]) + "\n ]"
        for name in ("rows", "person")
    )
    body = json.dumps(head, indent=1).removesuffix("\n}")
    partial = choice.FIGURES.with_suffix(".partial")
    partial.write_text(",\n".join([body, *lists]) + "\n}\n", "utf-8")
    partial.replace(choice.FIGURES)


def provenance(browser: str, gpu: Mapping[str, Any]) -> dict[str, Any]:
    """Where, when and with which versions, as models/variants/provenance.py reads it."""
    pinned = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "browser": f"Chromium {browser}",
        "machine": f"{os.cpu_count()} cores ({platform.machine()})",
        "gpu": gpu,
        "onnxruntime": onnxruntime.__version__,
        "onnxruntime-web": pinned["onnxruntime-web"],
    }


def show(figures: Mapping[str, Any]) -> None:
    """Print the rows as a table."""
    head = ["Card", "Variant", "Backend", "kB", "Loss", "ms", "Ratio", "Ships", "Why"]
    rows = [
        [
            *(row["card"], row["variant"], row["backend"], f"{row['bytes'] / 1000:.0f}"),
            " ".join(f"{name} {value:.2g}" for name, value in row["loss"].items()),
            *(row["ms"], row["ratio"], "yes" if row["ships"] else "", row["why"]),
        ]
        for row in figures["rows"]
    ]
    print_table(head, rows)


def rounded(value: Any) -> Any:
    """Numbers with three significant digits, also inside a mapping; text stays."""
    if isinstance(value, Mapping):
        return {name: rounded(item) for name, item in value.items()}
    return value if isinstance(value, str) else float(f"{min(value, UNBOUNDED):.3g}")
