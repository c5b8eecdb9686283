"""What a card may say: check(card) and known(data) raise ValueError with the sentence for who wrote it.

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
BACKENDS = ("wasm", "webgl", "webgpu")
PICTURES = ("noise", "photo")
LARGEST = 1 << 28  # bytes of one file: the largest model here has 4 MB, a browser's tab has some hundred
SIDES = (16, 1024)  # of an input: below, nothing is seen; above, one float32 layer of 64 planes takes 256 MB

# By kind: the roles its outputs have to have, any one of these groups, and what may come besides.
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
# By kind: what a variant may lose is measured in.
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


def known(data: Mapping[str, Any], table: str = "") -> None:
    """Raises ValueError for an entry that no card has: a misspelt one would be passed over in silence."""
    for name, value in data.items():
        if name not in ENTRIES[table].split():
            place = f"[{table}] " if table else ""
            raise ValueError(f"{place}{name} is not an entry; there are {', '.join(ENTRIES[table].split())}")
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict) and name in ENTRIES:
                known(row, name)


def check(card: Card) -> None:
    """Raises ValueError for values no graph can be made of."""
    if card.id != card.file.stem:
        raise ValueError(f"the id {card.id!r} is not the file's name")
    identifier(card.id)
    one_of("kind", card.kind, KINDS)
    one_of("input.fit", card.input.fit, FITS)
    if not card.sources or not card.wanted:
        raise ValueError("at least one [[source]] and one [[variant]] are needed")
    for source in card.sources:
        _source(source)
        _roles(card.kind, card.of(source).outputs)
    _sizes(card)
    for name, gate in (*card.gates.items(), *card.loss.items()):
        if not 0 <= gate < float("inf"):
            raise ValueError(f"{name} = {gate}: a gate is a number from 0")
    for name in card.gates:
        one_of("gates", name, PICTURES)
    if "photo" not in card.gates:  # noise alone: a network may be sure of nothing there
        raise ValueError("[gates] needs photo, the largest difference from the published model on photos")
    for name in card.loss:
        one_of(f"loss of a {card.kind}", name, METRICS[card.kind])
    if lacking := [name for name in METRICS[card.kind] if name not in card.loss]:
        raise ValueError(f"[loss] needs {' and '.join(lacking)}: what a variant of a {card.kind} may lose")
    for wanted in card.wanted:
        one_of(f"variant {wanted.id}: weights", wanted.weights, WEIGHTS)
        for backend in wanted.backends:
            one_of(f"variant {wanted.id}: backends", backend, BACKENDS)
    _distinct("variant", [wanted.id for wanted in card.wanted])


def identifier(id: str) -> None:
    """Raises ValueError for an id that cannot be a file's name and a word in a URL."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id) or len(id) > 40:
        raise ValueError(
            f"the id {id!r} takes up to 40 small letters and digits, with single hyphens between"
        )


def one_of(name: str, value: str, allowed: Collection[str]) -> None:
    """Raises ValueError where `value` is not allowed."""
    if value not in allowed:
        raise ValueError(f"{name} = {value!r}: one of {', '.join(allowed) or 'none'}")


def _source(source: Source) -> None:
    one_of("source.format", source.format, FORMATS)
    if source.scale <= 0:
        raise ValueError("input.scale is above 0")
    if (source.format == "tfjs") != (len(source.files) > 1):
        raise ValueError("a [[source]] has one [[source.file]]; tfjs has model.json first, then its shards")
    _distinct("source.file name", [file.name for file in source.files])
    for file in source.files:
        _file(file)


def _file(file: File) -> None:
    if len(file.sha256) != 64 or set(file.sha256) - set("0123456789abcdef"):
        raise ValueError("sha256 takes 64 small hexadecimal digits")
    if not 0 < file.bytes <= LARGEST:
        raise ValueError(f"bytes = {file.bytes}: between 1 and {LARGEST}")
    package = file.npm and file.version and file.path
    if [bool(package), bool(file.url), bool(file.local)].count(True) != 1:
        raise ValueError("a [[source.file]] takes one of url, local, or npm with version and path")
    if file.url and not file.url.startswith("https://"):
        raise ValueError(f"source {file.url}: only https is fetched")
    if file.member and not package:
        raise ValueError(f"member = {file.member!r}: only files of an npm package are opened")
    if file.local and (PurePosixPath(file.local).is_absolute() or ".." in PurePosixPath(file.local).parts):
        raise ValueError(f"local = {file.local!r}: a path inside this project")


def fits(kind: str, outputs: Collection[str]) -> bool:
    """Whether these are roles of a kind; a network's are what they are."""
    groups, more = ROLES[kind]
    return kind == "network" or set(outputs) - more in groups


def _roles(kind: str, outputs: Mapping[str, str]) -> None:
    groups, more = ROLES[kind]
    if not fits(kind, outputs):
        wanted = ", or ".join(" and ".join(sorted(group)) for group in groups)
        besides = f"; besides, {' and '.join(sorted(more))} may be named" if more else ""
        raise ValueError(f"[outputs] names {', '.join(outputs) or 'nothing'}: a {kind} has {wanted}{besides}")


def _sizes(card: Card) -> None:
    low, high = SIDES
    sides = [("input", (card.input.height, card.input.width))]
    sides += [(f"size {size.id}", size.mask) for size in card.sizes]
    sides += [("mask", card.mask)] if card.kind in MASKED else []
    for name, pair in sides:
        if not all(low <= n <= high for n in pair):
            raise ValueError(f"{name}: height and width are between {low} and {high}")
    if card.kind not in MASKED and card.mask != (0, 0):
        raise ValueError(f"[mask] is for {' and '.join(MASKED)}, not for a {card.kind}")
    _distinct("size", [size.id for size in card.sizes])
    if not card.sizes:
        return
    if card.input not in [size.input for size in card.sizes]:
        raise ValueError("one [[size]] is as large as [input]: it is the one taken unless another is chosen")
    if card.kind in MASKED and card.mask != (card.input.height, card.input.width):
        raise ValueError("with [[size]], the [mask] is as large as [input]")


def _distinct(name: str, values: list[str]) -> None:
    if len(set(values)) < len(values):
        raise ValueError(f"{name}: {', '.join(values)} are not all different")
