"""The rules of a model card; a broken rule raises RuleError with a sentence for the card's author.

Does not read files and does not know what a graph needs beyond its roles.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from app.core.card import MASKED
from models.spec.card import Card, File, Source

FITS = ("stretch", "letterbox", "crop")
FORMATS = ("tflite", "tfjs", "onnx")
WEIGHTS = ("fp32", "fp16", "int8", "qdq", "half")
BACKENDS = ("wasm-ort", "webgl", "webgpu")  # of ONNX graphs; "wasm" is made of what ships on "wasm-ort"
PICTURES = ("noise", "photo")
LARGEST = 1 << 28  # bytes of one file; the largest model here has 4 MB, a browser tab can use some hundred
SIDES = (
    16,
    1024,
)  # of an input: below, nothing is visible; above, one layer of 64 planes takes 256 MB

# By kind: groups of roles, of which the outputs must have exactly one, and further roles they may have.
ROLES: dict[str, tuple[tuple[frozenset[str], ...], frozenset[str]]] = {
    "segmenter": ((frozenset({"mask"}), frozenset({"logits"})), frozenset({"parts"})),
    "detector": ((frozenset({"raw", "logits"}),), frozenset()),
    "pose": ((frozenset({"pose"}), frozenset({"heatmaps", "offsets"})), frozenset()),
    "landmarks": (
        (frozenset({"points", "presence"}), frozenset({"points", "presence_probability"})),
        frozenset(),
    ),
    "classifier": ((frozenset({"scores", "features"}),), frozenset()),
    "network": ((frozenset(),), frozenset()),
}
KINDS = tuple(ROLES)
# By kind: the metrics in which the loss of a variant is measured.
METRICS = {
    "segmenter": ("iou",),
    "detector": ("points",),
    "pose": ("points",),
    "landmarks": ("points",),
    "classifier": ("top1", "top5", "features"),
    "network": ("outputs",),
}
ENTRIES = {
    "": "id title kind about licence credit source input size mask outputs gates loss variant",
    "source": "format file scale offset outputs",
    "file": "npm version path member url local name sha256 bytes",
    "input": "height width fit scale offset",
    "size": "id height width",
    "mask": "height width",
    "variant": "id backends weights",
}


class RuleError(ValueError):
    """A value that a card must not have; the message says what it must be."""


def known(data: Mapping[str, Any], table: str = "") -> None:
    """Raises RuleError for an unknown entry, which would otherwise be ignored silently."""
    for name, value in data.items():
        if name not in ENTRIES[table].split():
            place = f"[{table}] " if table else ""
            entries = ", ".join(ENTRIES[table].split())
            raise RuleError(f"{place}{name} is not an entry of a card. The entries are: {entries}.")
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict) and name in ENTRIES:
                known(row, name)


def check(card: Card) -> None:
    """Raises RuleError for values from which no graph can be made."""
    if card.id != card.file.stem:
        raise RuleError(f"the id {card.id!r} must be the name of the file.")
    identifier(card.id)
    one_of("kind", card.kind, KINDS)
    one_of("input.fit", card.input.fit, FITS)
    if not card.sources or not card.variants:
        raise RuleError("a card needs at least one [[source]] and one [[variant]].")
    for source in card.sources:
        _source(source)
        _roles(card.kind, card.of(source).outputs)
    _sizes(card)
    for name, gate in (*card.gates.items(), *card.loss.items()):
        if not 0 <= gate < float("inf"):
            raise RuleError(f"{name} = {gate}: a gate must be zero or a positive number.")
    for name in card.gates:
        one_of("gates", name, PICTURES)
    if "photo" not in card.gates:  # noise alone proves little: a network may detect nothing in it
        raise RuleError("[gates] needs photo, the largest difference from the published model on photos.")
    for name in card.loss:
        one_of(f"loss of a {card.kind}", name, METRICS[card.kind])
    if lacking := [name for name in METRICS[card.kind] if name not in card.loss]:
        raise RuleError(f"[loss] needs {' and '.join(lacking)}, the limits for a {card.kind}'s variants.")
    for variant in card.variants:
        one_of(f"variant {variant.id}: weights", variant.weights, WEIGHTS)
        for backend in variant.backends:
            one_of(f"variant {variant.id}: backends", backend, BACKENDS)
    _distinct("variant", [variant.id for variant in card.variants])


def identifier(id: str) -> None:
    """Raises RuleError for an id that cannot be a file name and a value in a URL."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id) or len(id) > 40:
        raise RuleError(
            f"the id {id!r} must be up to 40 lowercase letters and digits, with single hyphens between them."
        )


def one_of(name: str, value: str, allowed: Collection[str]) -> None:
    """Raises RuleError where `value` is not allowed."""
    if value not in allowed:
        raise RuleError(f"{name} = {value!r}: it must be one of {', '.join(allowed)}.")


def _source(source: Source) -> None:
    one_of("source.format", source.format, FORMATS)
    if source.scale <= 0:
        raise RuleError("input.scale must be greater than 0.")
    if (source.format == "tfjs") != (len(source.files) > 1):
        raise RuleError(
            "a [[source]] must have one [[source.file]]; for tfjs, first model.json, then its shards."
        )
    _distinct("source.file name", [file.name for file in source.files])
    for file in source.files:
        _file(file)


def _file(file: File) -> None:
    if len(file.sha256) != 64 or set(file.sha256) - set("0123456789abcdef"):
        raise RuleError("sha256 must be 64 lowercase hexadecimal digits.")
    if not 0 < file.bytes <= LARGEST:
        raise RuleError(f"bytes = {file.bytes}: it must be between 1 and {LARGEST}.")
    package = file.npm and file.version and file.path
    if [bool(package), bool(file.url), bool(file.local)].count(True) != 1:
        raise RuleError("a [[source.file]] must have one of url, local, or npm with version and path.")
    if file.url and not file.url.startswith("https://"):
        raise RuleError(f"url = {file.url!r}: it must begin with https://.")
    if file.member and not package:
        raise RuleError(f"member = {file.member!r}: only files of an npm package can have a member.")
    if file.local and (PurePosixPath(file.local).is_absolute() or ".." in PurePosixPath(file.local).parts):
        raise RuleError(f"local = {file.local!r}: it must be a path inside this project.")


def fits(kind: str, outputs: Collection[str]) -> bool:
    """Whether a kind can have these roles; a network can have any."""
    groups, more = ROLES[kind]
    return kind == "network" or set(outputs) - more in groups


def _roles(kind: str, outputs: Mapping[str, str]) -> None:
    groups, more = ROLES[kind]
    if not fits(kind, outputs):
        needed = ", or ".join(" and ".join(sorted(group)) for group in groups)
        optional = f", and may have {' and '.join(sorted(more))}" if more else ""
        names = ", ".join(outputs) or "nothing"
        raise RuleError(f"[outputs] names {names}, but a {kind} needs {needed}{optional}.")


def _sizes(card: Card) -> None:
    low, high = SIDES
    sides = [("input", (card.input.height, card.input.width))]
    sides += [(f"size {size.id}", size.mask) for size in card.sizes]
    sides += [("mask", card.mask)] if card.kind in MASKED else []
    for name, pair in sides:
        if not all(low <= n <= high for n in pair):
            raise RuleError(f"{name}: height and width must be between {low} and {high}.")
    if card.kind not in MASKED and card.mask != (0, 0):
        raise RuleError(f"[mask] is for a {' or a '.join(MASKED)}, not for a {card.kind}.")
    _distinct("size", [size.id for size in card.sizes])
    if not card.sizes:
        return
    if card.input not in [size.input for size in card.sizes]:
        raise RuleError("one [[size]] must be as large as [input]: it is the default.")
    if card.kind in MASKED and card.mask != (card.input.height, card.input.width):
        raise RuleError("with [[size]], [mask] must be as large as [input].")


def _distinct(name: str, values: list[str]) -> None:
    if len(set(values)) < len(values):
        raise RuleError(f"{name}: {', '.join(values)} must all be different.")
