"""One gallery of a card: its characters on sheets, named, seen by each classifier, and its indexes.

Does not read cards and does not know which galleries there are. What was made of the same pictures is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.card import ModelCard, Variant
from app.gallery import File, Gallery, from_dict, to_dict
from publish import ROOT, npm
from publish.gallery import FOLDER, HERE, MADE, Refused, characters, drawn
from publish.gallery.card import Card
from publish.tree import sha256, write

if TYPE_CHECKING:
    from PIL.Image import Image

    from publish.gallery.characters import Character
    from publish.gallery.features import Features

SIDE = 160  # pixels of a picture on a sheet: sharp on a card of 80, and large enough to share
FEW = 2000  # characters up to which a sheet has 4 x 4, 65 kB, so that five answers take 0.3 MB; above, 8 x 8
AHEAD = 64  # pictures looked at side by side
PACKAGES = ("numpy", "onnxruntime", "pillow")
# What sheets and features depend on besides pictures and classifiers; what indexes do besides features.
CODE = tuple(HERE / f"{name}.py" for name in ("card", "characters", "emoji", "features", "make", "pictures"))
INDEX = tuple(ROOT / "models" / f"{name}.py" for name in ("graph", "index", "named", "nearest", "reduce"))

Say = Callable[[str, float], None]


def make(
    card: Card, classifiers: Sequence[ModelCard], out: Path, say: Say, cache: Path | None = None
) -> Gallery:
    """The gallery, its files in out/galleries; `say` is told what is done and the share of it.

    `classifiers` are cards of this build, their graphs in `out`; without one the gallery is `missing`.
    Raises Refused.
    """
    if not classifiers:
        return missing(card.id, card.title, "a gallery needs a classifier, and this build has none")
    files = characters.found(card)
    cache = cache or MADE
    folder = cache / f"{card.id}-{key(card, files)}"
    kept = folder / f"gallery-{index_key(classifiers)}.json"
    if not kept.is_file():
        _make(card, files, classifiers, out, folder, kept, say)
    forget(card.id, cache, folder)
    gallery = from_dict(json.loads(kept.read_text("utf-8")))
    place(gallery, folder, out)
    return gallery


def forget(id: str, cache: Path, but: Path | None = None) -> None:
    """Delete what was made of a gallery."""
    for old in cache.glob(f"{id}-{'[0-9a-f]' * 16}"):
        if old != but:
            shutil.rmtree(old, ignore_errors=True)


def missing(id: str, title: str, why: str) -> Gallery:
    """A gallery that is not in this build."""
    return Gallery(id, title, 0, File("", 0), (), 0, 0, 0, missing=why)


def report(card: Card, cache: Path | None = None) -> dict[str, Any]:
    """What was found when the gallery was made: count, bytes, sets, alike, refused. Raises Refused."""
    folder = (cache or MADE) / f"{card.id}-{key(card, characters.found(card))}"
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def _make(
    card: Card,
    files: Mapping[int, Sequence[Path]],
    classifiers: Sequence[ModelCard],
    out: Path,
    folder: Path,
    kept: Path,
    say: Say,
) -> None:
    from models import index

    drawings = drawn.draw(card.sets, lambda text, share: say(text, 0.3 * share))
    rows = characters.characters(card, files, drawings)
    seen = _seen(card, rows, classifiers, out, folder, lambda text, share: say(text, 0.3 + 0.6 * share))
    picture = json.loads((folder / "pictures.json").read_text("utf-8"))
    say(f"{card.title}, index", 0.95)
    indexes: dict[str, tuple[Variant, ...]] = {}
    for each in classifiers:
        indexes[each.id] = index.indexes(seen[each.id], folder, f"{card.id}-{each.id}")
    gallery = from_dict({**picture, "indexes": {id: [asdict(v) for v in vs] for id, vs in indexes.items()}})
    write(kept, json.dumps(to_dict(gallery)).encode())


def _seen(
    card: Card, rows: Sequence[Character], classifiers: Sequence[ModelCard], out: Path, folder: Path, say: Say
) -> dict[str, Features]:
    """Features [n,m] by classifier, and in `folder` sheets, names and pictures.json, where they are not."""
    import numpy as np

    from publish.gallery import features, pictures

    where = {
        each.id: folder / "features" / f"{each.id}-{features.graph(each)[:16]}.npy" for each in classifiers
    }
    whole = (folder / "pictures.json").is_file()
    lacking = [each for each in classifiers if not where[each.id].is_file()]
    if lacking or not whole:
        loaded = [features.Classifier(each, out) for each in lacking]
        side = 4 if len(rows) <= FEW else 8
        sheets = pictures.Sheets(side, side, SIDE)
        found: list[list[Features]] = [[] for _ in loaded]
        put: list[File] = []
        taken: list[Character] = []
        refused: list[tuple[str, str]] = []

        def look(row: Character) -> tuple[Image, list[Features]] | str:
            """A character in the sheet's size and as each classifier sees it; or why it is left out."""
            try:
                square = pictures.square(pictures.opened(row.file), row.crop)
            except pictures.Unfit as error:
                return str(error)
            return sheets.small(square), [classifier.see(square) for classifier in loaded]

        # Pillow and onnxruntime let go of the interpreter's lock, so threads use all cores.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(rows), AHEAD):
                say(f"{card.title}, {start} of {len(rows)} characters", start / len(rows))
                some = rows[start : start + AHEAD]
                for row, seen in zip(some, pool.map(look, some), strict=True):
                    if isinstance(seen, str):
                        refused.append((f"{card.sets[row.set].title}/{row.file.name}", seen))
                        continue
                    taken.append(row)
                    for list_, each in zip(found, seen[1], strict=True):
                        list_.append(each)
                    if not whole:
                        put += _sheet(card.id, sheets.add(seen[0]), folder)
        if not taken:
            (name, why), *_ = refused
            raise Refused(f"No picture of {card.title} can be used: {name} {why}.")
        for lacked, list_ in zip(lacking, found, strict=True):
            where[lacked.id].parent.mkdir(parents=True, exist_ok=True)
            np.save(where[lacked.id], np.stack(list_))
        if not whole:
            put += _sheet(card.id, sheets.end(), folder)
            first = np.load(where[classifiers[0].id])
            near = features.alike(first, [row.name for row in taken])
            _tell(card, taken, refused, near, put, side, folder)
    return {each.id: np.load(where[each.id]) for each in classifiers}


def _sheet(id: str, data: bytes | None, folder: Path) -> list[File]:
    """The sheet's file written, as a list of one or none."""
    if data is None:
        return []
    path = f"{FOLDER}/{id}.{sha256(data)[:8]}.webp"
    write(folder / path, data)
    return [File(path, len(data))]


def _tell(
    card: Card,
    taken: Sequence[Character],
    refused: Sequence[tuple[str, str]],
    near: Sequence[tuple[str, str, float]],
    sheets: Sequence[File],
    side: int,
    folder: Path,
) -> None:
    """Names, report and pictures.json, in `folder`."""
    used = sorted({row.set for row in taken})
    sets = [
        {"title": each.title, "licence": each.licence, "credit": each.credit}
        for each in (card.sets[n] for n in used)
    ]
    names = {"sets": sets, "characters": [[row.name, used.index(row.set)] for row in taken]}
    data = json.dumps(names, ensure_ascii=False, separators=(",", ":")).encode()
    path = f"{FOLDER}/{card.id}.{sha256(data)[:8]}.json"
    write(folder / path, data)
    told = {"pictures": len(taken), "alike": len(near), "refused": len(refused)}
    gallery = Gallery(
        card.id, card.title, len(taken), File(path, len(data)), tuple(sheets), side, side, SIDE, report=told
    )
    found = {
        "pictures": len(taken),
        "sets": [[card.sets[n].title, sum(row.set == n for row in taken)] for n in used],
        "bytes": sum(sheet.bytes for sheet in sheets) + len(data),
        "alike": near[:1000],
        "refused": refused,
    }
    write(folder / "report.json", json.dumps(found).encode())
    write(folder / "pictures.json", json.dumps(to_dict(gallery)).encode())


def key(card: Card, files: Mapping[int, Sequence[Path]]) -> str:
    """What sheets and names are made from, as one hash: pictures are told apart by name, size and time."""
    total = hashlib.sha256(" ".join(version(name) for name in PACKAGES).encode())
    for path in CODE:
        total.update(path.read_bytes())
    total.update(repr([card.id, card.title, [asdict(each) for each in card.sets]]).encode())
    total.update(repr(drawn.keys(card.sets)).encode())
    for n, found in files.items():
        package = card.sets[n].npm
        if package:  # npm gives every file of a package the same time, of whenever it was unpacked
            total.update(f"{package} {npm.version(package)} {[path.name for path in found]}".encode())
        else:
            stats = [(path.name, path.stat()) for path in found]
            total.update(repr([(name, s.st_size, s.st_mtime_ns) for name, s in stats]).encode())
    return total.hexdigest()[:16]


def index_key(classifiers: Sequence[ModelCard]) -> str:
    """What indexes depend on besides `_key`."""
    graphs = [
        (each.id, [(v.id, [g.sha256 for g in v.graphs]) for v in each.variants]) for each in classifiers
    ]
    total = hashlib.sha256(repr(graphs).encode())
    for path in INDEX:
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def place(gallery: Gallery, folder: Path, out: Path) -> None:
    """The gallery's files of `folder` in `out`; named by content: what has the right size is right."""
    sizes = {each.path: each.bytes for each in (gallery.names, *gallery.sheets) if each.path}
    sizes |= {g.path: g.bytes for rows in gallery.indexes.values() for row in rows for g in row.graphs}
    for path, size in sizes.items():
        if not (out / path).is_file() or (out / path).stat().st_size != size:
            write(out / path, (folder / path).read_bytes())
