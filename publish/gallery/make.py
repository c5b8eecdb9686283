"""One gallery of a card: its characters on sheets, named, seen by each classifier, and its indexes.

Does not read cards and does not know which galleries there are. What was made of the same pictures is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.card import ModelCard, Variant
from app.core.gallery import File, Gallery, from_dict, to_dict
from publish.files import sha256, write
from publish.gallery import FOLDER, MADE, avatars, characters
from publish.gallery import cache as kept
from publish.gallery.card import Card

if TYPE_CHECKING:
    from publish.gallery.embed import Features, Seen

PAIRS = 1000  # that look nearly the same, kept for the report

Say = Callable[[str, float], None]


def make(card: Card, models: Sequence[ModelCard], out: Path, say: Say, cache: Path | None = None) -> Gallery:
    """The gallery, its files in out/galleries; `say` is told what is done and the share of it.

    `models` are the build's cards, their graphs in `out`; without a classifier the gallery is `missing`.
    Raises UserError.
    """
    classifiers = [each for each in models if each.kind == "classifier" and not each.missing]
    if not classifiers:
        return missing(card.id, card.title, "a gallery needs a classifier, and this build has none")
    files = characters.found(card)
    cache = cache or MADE
    folder = cache / f"{card.id}-{kept.key(card, files, _faces(models) if card.photos else '')}"
    done = folder / f"gallery-{kept.index_key(classifiers)}.json"
    if not done.is_file():
        _make(card, files, models, classifiers, out, folder, done, say)
    kept.forget(card.id, cache, folder)
    gallery = from_dict(json.loads(done.read_text("utf-8")))
    kept.place(gallery, folder, out)
    return gallery


def missing(id: str, title: str, why: str) -> Gallery:
    """A gallery that is not in this build."""
    return Gallery(id, title, 0, File("", 0), (), 0, 0, 0, missing=why)


def report(id: str, cache: Path | None = None) -> dict[str, Any]:
    """What was found when the gallery was made last: pictures, sets, bytes, alike, refused."""
    (folder,) = kept.folders(id, cache or MADE)
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def _faces(models: Sequence[ModelCard]) -> str:
    from publish.gallery import faces

    return faces.key(models)


def _make(
    card: Card,
    files: Mapping[int, Sequence[Path]],
    models: Sequence[ModelCard],
    classifiers: Sequence[ModelCard],
    out: Path,
    folder: Path,
    done: Path,
    say: Say,
) -> None:
    from models.graphs import index

    features = _features(card, files, models, classifiers, out, folder, say)
    picture = json.loads((folder / "pictures.json").read_text("utf-8"))
    say(f"{card.title}, index", 0.95)
    indexes: dict[str, tuple[Variant, ...]] = {}
    for each in classifiers:
        indexes[each.id] = index.indexes(features[each.id], folder, f"{card.id}-{each.id}")
    gallery = from_dict({**picture, "indexes": {id: [asdict(v) for v in vs] for id, vs in indexes.items()}})
    write(done, json.dumps(to_dict(gallery)).encode())


def _features(
    card: Card,
    files: Mapping[int, Sequence[Path]],
    models: Sequence[ModelCard],
    classifiers: Sequence[ModelCard],
    out: Path,
    folder: Path,
    say: Say,
) -> dict[str, Features]:
    """Features [n,m] by classifier; in `folder` are then sheets, names, report.json and pictures.json."""
    import numpy as np

    from publish.gallery import embed, features

    paths = {c.id: folder / "features" / f"{c.id}-{features.graph(c)[:16]}.npy" for c in classifiers}
    whole = (folder / "pictures.json").is_file()
    lacking = [each for each in classifiers if not (whole and paths[each.id].is_file())]
    if lacking:
        drawings = avatars.draw(card.sets, lambda text, share: say(text, 0.3 * share))
        rows = characters.characters(card, files, drawings)
        found = embed.see(
            card, rows, models, lacking, out, folder, lambda t, share: say(t, 0.3 + 0.6 * share)
        )
        for each in lacking:
            paths[each.id].parent.mkdir(parents=True, exist_ok=True)
            np.save(paths[each.id], found.features[each.id])
        if not whole:
            near = features.alike(found.features[lacking[0].id], [row.name for row in found.taken])
            _tell(card, found, near, folder)
    return {each.id: np.load(paths[each.id]) for each in classifiers}


def _tell(card: Card, embed: Seen, near: Sequence[tuple[str, str, float]], folder: Path) -> None:
    """Names, report.json and pictures.json, in `folder`."""
    used = sorted({row.set for row in embed.taken})
    told = ("title", "licence", "credit")
    sets = [{name: getattr(card.sets[n], name) for name in told} for n in used]
    names = {"sets": sets, "characters": [[row.name, used.index(row.set)] for row in embed.taken]}
    data = json.dumps(names, ensure_ascii=False, separators=(",", ":")).encode()
    file = File(f"{FOLDER}/{card.id}.{sha256(data)[:8]}.json", len(data))
    write(folder / file.path, data)
    count, side = len(embed.taken), embed.side
    short = {"pictures": count, "alike": len(near), "refused": len(embed.refused)}
    gallery = Gallery(
        card.id, card.title, count, file, tuple(embed.sheets), side, side, embed.size, report=short
    )
    found = {
        "pictures": count,
        "sets": [[card.sets[n].title, sum(row.set == n for row in embed.taken)] for n in used],
        "bytes": sum(each.bytes for each in (file, *embed.sheets)),
        "alike": near[:PAIRS],
        "refused": embed.refused,
    }
    write(folder / "report.json", json.dumps(found).encode())
    write(folder / "pictures.json", json.dumps(to_dict(gallery)).encode())
