"""The text of the card of a model that is added, with comments where the user has to check it.

Does not guess (guess.py does) and does not write files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from models.add.guess import Guess
from models.spec import rules
from models.spec.card import File

# The candidates of the card; the build ships those that the figures recommend.
Variants = tuple[tuple[str, tuple[str, ...], str], ...]
VARIANTS: Variants = (
    ("fp32", ("wasm-ort", "webgpu"), "fp32"),
    ("fp16", ("wasm-ort", "webgpu"), "fp16"),
    ("int8", ("wasm-ort", "webgpu"), "int8"),
    ("webgl", ("webgl",), "fp32"),
)
WITHOUT_WEBGL = tuple(row for row in VARIANTS if "webgl" not in row[1])
LOSS = {"iou": 0.005, "points": 0.5, "top1": 0.01, "top5": 0.01, "features": 0.005, "outputs": 0.001}
FITS = {"segmenter": "stretch", "classifier": "crop", "landmarks": "stretch"}
# Sums of float32 in another order differ by 1e-6 to 1e-4, a model that rounds every layer to 8 bits far more.
GATES, QUANTISED = {"noise": 1e-3, "photo": 1e-3}, {"noise": 0.1, "photo": 0.1}


def placed(file: File, folder: str) -> File:
    """The file as the card names it: a copied file is in `folder`."""
    return replace(file, local=f"{folder}/{file.local}") if file.local else file


def text(id: str, format: str, files: Iterable[File], guess: Guess, credit: str, variants: Variants) -> str:
    """The card as TOML; `variants` are VARIANTS or some of them."""
    mask = {"height": guess.mask[0], "width": guess.mask[1]} if guess.mask else {}
    fit = FITS.get(guess.kind, "letterbox")
    loss = {name: LOSS[name] for name in rules.METRICS[guess.kind]}
    rows = [
        _table("[[variant]]", {"id": name, "backends": list(backends), "weights": weights})
        for name, backends, weights in variants
    ]
    parts = [
        _rows(
            {
                "id": id,
                "title": id.replace("-", " ").capitalize(),
                "kind": guess.kind,
                "about": f"Added from {credit.removeprefix('from ')}.",
                "licence": "unknown",
                "credit": credit,
            },
            {"title": "the name in the page", "licence": "check it before you publish the page"},
        ),
        _table("[[source]]", {"format": format}),
        *(_table("[[source.file]]", _file(file)) for file in files),
        _table(
            "[input] # the model's input is byte * scale + offset",
            {
                "height": guess.height,
                "width": guess.width,
                "fit": fit,
                "scale": guess.scale,
                "offset": guess.offset,
            },
            {
                "fit": f"one of {', '.join(rules.FITS)}",
                "scale": "guessed; check the model's documentation",
            },
        ),
        *([_table("[mask]", mask)] if mask else []),
        *([_table("[outputs] # role = name in the published file", guess.outputs)] if guess.outputs else []),
        _table(
            "[gates] # largest difference from the published model, relative to the output's range",
            QUANTISED if guess.quantised else GATES,
        ),
        *([_table("[loss] # largest loss of a variant against float32", loss)] if loss else []),
        *rows,
    ]
    return "\n".join(parts)


def _file(file: File) -> dict[str, object]:
    entries = {field.name: getattr(file, field.name) for field in fields(file) if field.name != "name"}
    order = sorted(entries, key=lambda name: name in ("sha256", "bytes"))
    named = {} if (file.url or file.local).split("?")[0].endswith(f"/{file.name}") else {"name": file.name}
    return {**{name: entries[name] for name in order if entries[name]}, **named}


def _table(head: str, rows: Mapping[str, object], comments: Mapping[str, str] | None = None) -> str:
    return f"{head}\n{_rows(rows, comments or {})}"


def _rows(rows: Mapping[str, object], comments: Mapping[str, str]) -> str:
    lines = []
    for name, value in rows.items():
        # Strings, numbers and lists of strings in JSON are also TOML, except for DEL, which no name contains.
        comment = f" # {comments[name]}" if name in comments else ""
        lines.append(f"{_key(name)} = {json.dumps(value, ensure_ascii=False)}{comment}\n")
    return "".join(lines)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)
