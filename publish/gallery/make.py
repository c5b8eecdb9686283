"""Makes one gallery from its card: sheets, names, features by each classifier, and indexes, all cached.

Does not read cards and does not know which galleries the build has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.card import ModelCard, Variant
from app.core.gallery import File, Gallery, from_dict, to_dict
from publish import Progress
from publish.files import sha256, write
from publish.gallery import FOLDER, GALLERY_CACHE, avatars, cache, characters
from publish.gallery.card import GalleryCard

if TYPE_CHECKING:
    from publish.gallery.embed import Embeddings, Features

MAX_PAIRS = 1000  # near-duplicates in the report
# Shares of the progress of a gallery.
DRAWN, EMBEDDED, INDEXED = 0.3, 0.9, 0.95


def make(
    card: GalleryCard,
    models: Sequence[ModelCard],
    out: Path,
    progress: Progress,
    cache_folder: Path | None = None,
) -> Gallery:
    """Make the gallery, with its files in out/galleries. Raises UserError.

    `models` are the build's cards, their graphs in `out`; without a classifier the gallery is `missing`.
    """
    classifiers = [model for model in models if model.kind == "classifier" and not model.missing]
    if not classifiers:
        return missing(card.id, card.title, "A gallery needs a classifier, and this build has none.")
    files = characters.find_files(card)
    cache_folder = cache_folder or GALLERY_CACHE
    faces_key = _faces_key(models) if card.may_have_photos else ""
    folder = cache_folder / f"{card.id}-{cache.key(card, files, faces_key)}"
    target = folder / f"gallery-{cache.index_key(classifiers)}.json"
    if not target.is_file():
        _make(card, files, models, classifiers, out, target, progress)
    cache.delete(card.id, cache_folder, folder)
    gallery = from_dict(json.loads(target.read_text("utf-8")))
    cache.place(gallery, folder, out)
    return gallery


def missing(id: str, title: str, reason: str) -> Gallery:
    """A gallery that this build does not have."""
    return Gallery(id, title, 0, File("", 0), (), 0, 0, 0, missing=reason)


def report(id: str, cache_folder: Path | None = None) -> dict[str, Any]:
    """The report of a made gallery: pictures, sets, bytes, alike (near-duplicates), refused (rejected)."""
    (folder,) = cache.folders(id, cache_folder or GALLERY_CACHE)
    rows: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return rows


def _faces_key(models: Sequence[ModelCard]) -> str:
    from publish.gallery import faces

    return faces.key(models)


def _make(
    card: GalleryCard,
    files: Mapping[int, Sequence[Path]],
    models: Sequence[ModelCard],
    classifiers: Sequence[ModelCard],
    out: Path,
    target: Path,
    progress: Progress,
) -> None:
    """Make what is not cached in the folder of `target`, then `target`, the gallery as JSON."""
    from models.graphs import index

    folder = target.parent
    features = _features(card, files, models, classifiers, out, folder, progress)
    gallery = json.loads((folder / "pictures.json").read_text("utf-8"))
    progress(f"{card.title}, index", INDEXED)
    indexes: dict[str, tuple[Variant, ...]] = {}
    for classifier in classifiers:
        name = f"{card.id}-{classifier.id}"
        indexes[classifier.id] = index.indexes(features[classifier.id], folder, name)
    rows = {id: [asdict(variant) for variant in variants] for id, variants in indexes.items()}
    write(target, json.dumps(to_dict(from_dict({**gallery, "indexes": rows}))).encode())


def _features(
    card: GalleryCard,
    files: Mapping[int, Sequence[Path]],
    models: Sequence[ModelCard],
    classifiers: Sequence[ModelCard],
    out: Path,
    folder: Path,
    progress: Progress,
) -> dict[str, Features]:
    """Features [n,m] by classifier. `folder` then contains sheets, names, report.json and pictures.json."""
    import numpy as np

    from publish.gallery import embed, features

    paths = {c.id: folder / "features" / f"{c.id}-{features.graph_hash(c)[:16]}.npy" for c in classifiers}
    has_pictures = (folder / "pictures.json").is_file()
    lacking = [c for c in classifiers if not (has_pictures and paths[c.id].is_file())]
    if lacking:
        folders = avatars.draw(card.sets, lambda text, share: progress(text, DRAWN * share))
        rows = characters.list_characters(card, files, folders)

        def embed_progress(text: str, share: float) -> None:
            progress(text, DRAWN + (EMBEDDED - DRAWN) * share)

        result = embed.embed_characters(card, rows, models, lacking, out, folder, embed_progress)
        for classifier in lacking:
            paths[classifier.id].parent.mkdir(parents=True, exist_ok=True)
            np.save(paths[classifier.id], result.features[classifier.id])
        if not has_pictures:
            names = [row.name for row in result.characters]
            pairs = features.near_duplicates(result.features[lacking[0].id], names)
            _write_pictures(card, result, pairs, folder)
    return {classifier.id: np.load(paths[classifier.id]) for classifier in classifiers}


def _write_pictures(
    card: GalleryCard, result: Embeddings, pairs: Sequence[tuple[str, str, float]], folder: Path
) -> None:
    """Write the names, report.json and pictures.json to `folder`; `pairs` are near-duplicates."""
    used = sorted({row.set for row in result.characters})
    sets = [{key: getattr(card.sets[n], key) for key in ("title", "licence", "credit")} for n in used]
    names = {"sets": sets, "characters": [[row.name, used.index(row.set)] for row in result.characters]}
    data = json.dumps(names, ensure_ascii=False, separators=(",", ":")).encode()
    file = File(f"{FOLDER}/{card.id}.{sha256(data)[:8]}.json", len(data))
    write(folder / file.path, data)
    count = len(result.characters)
    gallery = Gallery(
        card.id,
        card.title,
        count,
        file,
        tuple(result.sheets),
        result.grid,
        result.grid,
        result.side,
        report={"pictures": count, "alike": len(pairs), "refused": len(result.rejected)},
    )
    report = {
        "pictures": count,
        "sets": [[card.sets[n].title, sum(row.set == n for row in result.characters)] for n in used],
        "bytes": sum(stored.bytes for stored in (file, *result.sheets)),
        "alike": pairs[:MAX_PAIRS],
        "refused": result.rejected,
    }
    write(folder / "report.json", json.dumps(report).encode())
    write(folder / "pictures.json", json.dumps(to_dict(gallery)).encode())
