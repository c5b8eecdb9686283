"""The report of the models: text for the terminal, models.json and a plain page, models.html.

Does not measure; it shows the `report` of every card.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from app.card import ModelCard, Variant, to_dict

COLUMNS = (
    "model",
    "variant",
    "backends",
    "bytes",
    "parity noise",
    "parity photo",
    "operators",
    "licence",
    "sha256",
)


def text(cards: Iterable[ModelCard]) -> str:
    """A table, one row a variant, then where each model is from."""
    cards = list(cards)
    rows = [COLUMNS, *(row for card in cards for row in _rows(card))]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines.append("")
    for card in cards:
        lines.append(f"{card.id}: {card.missing or _origin(card)}")
        for variant in card.variants:
            lines.append(f"  {variant.id}: {' '.join(card.report['variants'][variant.id]['operators'])}")
    return "\n".join(lines)


def write(cards: Iterable[ModelCard], out: Path) -> None:
    """out/models.json and out/models.html."""
    cards = list(cards)
    out.mkdir(parents=True, exist_ok=True)
    _put(out / "models.json", json.dumps([to_dict(card) for card in cards], indent=1) + "\n")
    _put(out / "models.html", page(cards))


def page(cards: Iterable[ModelCard]) -> str:
    """The report as HTML: no script, no style of its own (the page's CSP forbids both)."""
    sections = "\n".join(_section(card) for card in cards)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vitrine: the models</title>
<meta name="color-scheme" content="dark">
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="page.css">
</head>
<body class="report">
<header><h1><a href="./">Vitrine</a></h1><p>The models of this build</p></header>
<main>
<p class="quiet">Parity is the largest difference from the published model, run by LiteRT,
as a part of the output's range.</p>
{sections}
</main>
</body>
</html>
"""


def _section(card: ModelCard) -> str:
    head = f"<h2>{escape(card.title)}</h2>\n<p>{escape(card.about)}</p>"
    if card.missing:
        return f"<section>\n{head}\n<p>{escape(card.missing)}</p>\n</section>"
    report = card.report
    facts: list[tuple[str, Any]] = [
        ("Kind", card.kind),
        ("Input", f"{card.input.height} x {card.input.width}, {card.input.fit}"),
        ("Parity", ", ".join(f"{kind} {_number(value)}" for kind, value in report["parity"].items())),
        ("Licence", f"{card.licence} ({report['credit']})"),
        ("Source", report["source"]),
        ("sha256", report["sha256"]),
    ]
    terms = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts)
    rows = "\n".join(_table_row(card, variant) for variant in card.variants)
    header = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Variant", "Backends", "Bytes", "Fused", "Nodes", "Operators")
    )
    table = f"<table>\n<thead><tr>{header}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    return f'<section>\n{head}\n<dl>\n{terms}\n</dl>\n<div class="wide">{table}</div>\n</section>'


def _table_row(card: ModelCard, variant: Variant) -> str:
    figures = card.report["variants"][variant.id]
    cells = (
        variant.id,
        ", ".join(variant.backends),
        f"{variant.bytes:,}",
        _number(figures["fused"]),
        str(figures["nodes"]),
        " ".join(figures["operators"]),
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _rows(card: ModelCard) -> Iterable[tuple[str, ...]]:
    if card.missing:
        yield (card.id, "missing", *("",) * (len(COLUMNS) - 2))
        return
    parity = card.report["parity"]
    for variant in card.variants:
        figures = card.report["variants"][variant.id]
        yield (
            card.id,
            variant.id,
            "+".join(variant.backends),
            f"{variant.bytes:,}",
            _number(parity.get("noise", "")),
            _number(parity.get("photo", "")),
            f"{len(figures['operators'])} kinds, {figures['nodes']} nodes",
            card.licence,
            "+".join(graph.sha256[:8] for graph in variant.graphs),
        )


def _origin(card: ModelCard) -> str:
    return f"{card.report['source']}, sha256 {card.report['sha256']}, {card.report['credit']}"


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1e}"


def _put(path: Path, content: str) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(content, "utf-8")
    draft.replace(path)
