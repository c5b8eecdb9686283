"""Reports on the models of a build: a text for the terminal, models.json and the page models.html.

Does not measure: it shows the `report` of every card and models/variants/figures.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from app.core.card import ModelCard, Variant, to_dict
from models.report.rows import BACKENDS, Row, compiled_text, loss_text, order, reasons, rows, short, size
from models.variants import choice, provenance

COLUMNS = (
    *("model", "variant", "backends", "bytes", "parity noise", "parity photo"),
    *("loss", "operators", "licence", "sha256"),
)
# The headings of the page's table, and whether their column sorts by number.
HEADS = {"Model": False, "Variant": False, "Ships on": False, "Size": True}
HEADS |= {"Difference from the published model": True, "Loss": True}
HEADS |= {f"{backend}, time": True for backend in BACKENDS}
HEADS |= {"Why": False, "Licence": False, "Source": False}
HOST = 2  # the index of the host in an address split at "/"


def text(cards: Iterable[ModelCard]) -> str:
    """A table of the variants that ship; then the source, operators and refused variants of each model."""
    cards = list(cards)
    lines = [COLUMNS, *(row for card in cards for row in _lines(card))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    output = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    output.insert(1, "  ".join("-" * width for width in widths))
    output.append("")
    for card in cards:
        output.append(f"{card.id}: {card.missing or _origin(card)}")
        for variant in card.variants:
            output.append(f"  {variant.id}: {' '.join(card.report['variants'][variant.id]['operators'])}")
        if compiled := compiled_text(card):
            output.append(f"  {compiled}")
        for name, why in card.report.get("refused", {}).items():
            output.append(f"  {name} does not ship: {why}")
    return "\n".join(output)


def write(cards: Iterable[ModelCard], out: Path) -> None:
    """Writes out/models.json and out/models.html."""
    cards = list(cards)
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "models.json", json.dumps([to_dict(card) for card in cards], indent=1) + "\n")
    _write(out / "models.html", page(cards))


def page(cards: Iterable[ModelCard], figures: Mapping[str, Any] | None = None) -> str:
    """The page as HTML: one table, which report.js makes sortable, and the details of each model.

    It has no inline style or script, which the page's CSP forbids.
    """
    cards, figures = order(cards), choice.read_figures() if figures is None else figures
    heads = "".join(
        f'<th scope="col"{" class=number" if number else ""}>{name}</th>' for name, number in HEADS.items()
    )
    body = "\n".join(line for card in cards for line in _table(card, figures))
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
<script type="module" src="report.js"></script>
</head>
<body class="report">
<header><h1><a href="./">Vitrine</a></h1><p>The models of this build</p></header>
<main>
<p class="quiet">All variants that were made and measured. A variant ships on the backends in the third
column; the column “Why” gives the reason. {_measured(figures)}</p>
<div class="wide" tabindex="0" role="region" aria-label="Table of the models">
<table id="models">
<caption>“Difference from the published model” is the largest difference between the imported float graph and
the published model in its own runtime, on photographs, relative to the range of the output. “Loss” compares
the variant with float32: in IoU, in pixels of the input, in the share of different labels, or as 1 − cosine.
Times are relative to float32 on the same backend.</caption>
<thead><tr>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>
{sections}
</main>
</body>
</html>
"""


def _measured(figures: Mapping[str, Any]) -> str:
    cards = dict.fromkeys(row["card"] for row in figures.get("rows", ()))
    sentences = provenance.sentences(figures, cards)
    return escape(" ".join(sentences) or "There are no figures yet. Run python3 build.py bench variants.")


def _table(card: ModelCard, figures: Mapping[str, Any]) -> Iterable[str]:
    """The rows of a card in the table, as HTML."""
    name = f'<th scope="row"><a href="#{escape(card.id)}">{escape(card.title)}</a></th>'
    if card.missing:
        yield f'<tr class="missing">{name}<td colspan="{len(HEADS) - 1}">{escape(card.missing)}</td></tr>'
        return
    parity = card.report["parity"].get("photo", "")
    source = card.report["source"]
    for row in rows(card, figures):
        worst = max((row.loss or {}).values(), default=-1.0)
        cells = [
            _cell(row.variant),
            _cell(", ".join(row.ships) or "–"),
            _cell(size(row.bytes), row.bytes),
            _cell(short(parity), parity if isinstance(parity, float) else -1.0),
            _cell(loss_text(row.loss), worst, "wrap"),
            *(_time(row, backend) for backend in BACKENDS),
            f'<td class="why">{escape(reasons(row))}</td>',
            _cell(card.licence),
            _cell(_place(source), kind="wrap"),
        ]
        kind = ' class="ships"' if row.ships else ""
        yield f"<tr{kind}>{name}{''.join(cells)}</tr>"


def _place(source: str) -> str:
    """The host of an address, or the npm package without its version."""
    return source.split("/")[HOST] if source.startswith("https://") else " ".join(source.split(" ")[:2])


def _time(row: Row, backend: str) -> str:
    if backend in row.ratio:
        return _cell(f"× {row.ratio[backend]:.2f}", row.ratio[backend])
    return _cell("does not run" if backend in row.failure else "–", float("inf"))


def _cell(content: str, value: float | None = None, kind: str = "") -> str:
    sort = "" if value is None else f' data-value="{value!r}"'
    sort += f' class="{kind}"' * bool(kind)
    return f"<td{sort}>{escape(content)}</td>"


def _section(card: ModelCard) -> str:
    head = f"<h2>{escape(card.title)}</h2>\n<p>{escape(card.about)}</p>"
    if card.missing:
        return f'<section id="{escape(card.id)}">\n{head}\n<p>{escape(card.missing)}</p>\n</section>'
    report = card.report
    facts: list[tuple[str, Any]] = [
        ("Kind", card.kind),
        ("Input", f"{card.input.height} × {card.input.width}, {card.input.fit}"),
        *([("Sizes", ", ".join(_size(size) for size in card.sizes))] if card.sizes else []),
        ("Parity", ", ".join(f"{kind} {short(value)}" for kind, value in report["parity"].items())),
        ("WebAssembly", compiled_text(card) or "none"),
        ("Licence", f"{card.licence} ({report['credit']})"),
        ("Source", report["source"]),
        ("sha256", report["sha256"]),
    ]
    terms = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts)
    body = "\n".join(_detail(card, variant) for variant in card.variants)
    heads = ("Variant", "Backends", "Bytes", "Difference from the reference", "Nodes", "Operators")
    header = "".join(f'<th scope="col">{name}</th>' for name in heads)
    table = f"<table>\n<thead><tr>{header}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    body = f'{head}\n<dl>\n{terms}\n</dl>\n<div class="wide">{table}</div>'
    return f'<section id="{escape(card.id)}">\n{body}\n</section>'


def _size(size: Any) -> str:
    return f"{size.id} {size.input.height} × {size.input.width}"


def _detail(card: ModelCard, variant: Variant) -> str:
    figures = card.report["variants"][variant.id]
    cells = (
        variant.id,
        ", ".join(variant.backends) + f" with {variant.needs}" * bool(variant.needs),
        f"{variant.bytes:,}",
        short(figures["fused"]),
        str(figures["nodes"]),
        " ".join(figures["operators"]),
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _lines(card: ModelCard) -> Iterable[tuple[str, ...]]:
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
            short(parity.get("noise", "")),
            short(parity.get("photo", "")),
            loss_text(figures.get("loss")),
            f"{len(figures['operators'])} kinds, {figures['nodes']} nodes",
            card.licence,
            "+".join(graph.sha256[:8] for graph in variant.graphs),
        )


def _origin(card: ModelCard) -> str:
    return f"{card.report['source']}, sha256 {card.report['sha256']}, {card.report['credit']}"


def _write(path: Path, content: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(content, "utf-8")
    partial.replace(path)
