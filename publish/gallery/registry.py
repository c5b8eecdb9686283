"""The galleries of a build: the default one, those that the user has added, and the one of the visitor.

Does not make a gallery.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.core.card import ModelCard
from app.core.errors import UserError
from app.core.gallery import OWN, File, Gallery, from_dict, to_dict
from publish import DIST, Progress
from publish.files import write
from publish.gallery import ADDED_FILE, DEFAULT, GALLERY_CACHE, cache, card, characters, make

UNAVAILABLE = "It was unavailable at build time."
REASONS = "left-out.json"  # in GALLERY_CACHE: a gallery's id -> why the last build does not have it
# A source that cannot be used, features that the index does not take, a file that cannot be read.
ERRORS = (UserError, ValueError, OSError)


@dataclass(frozen=True)
class AddedGallery:
    """A gallery that the user has added. `source` is a folder of pictures or a card."""

    id: str
    source: str
    title: str = ""


def added_galleries() -> list[AddedGallery]:
    """The galleries that the user has added; none if the list is damaged."""
    try:
        return [AddedGallery(**row) for row in json.loads(ADDED_FILE.read_bytes())]
    except (OSError, ValueError, TypeError):
        return []


def add(source: Path, title: str = "") -> AddedGallery:
    """Add a gallery to the list; a source keeps its id. Raises UserError if the source cannot be used."""
    rows = added_galleries()
    known = next((row for row in rows if Path(row.source) == source), None)
    taken = {row.id for row in rows} | {DEFAULT.stem}
    gallery_card = card.read(source, title=title)
    characters.find_files(gallery_card)
    id = known.id if known else next(n for n in _candidate_ids(gallery_card.id) if n not in taken)
    added = AddedGallery(id, str(source), title or (known.title if known else ""))
    save([*(row for row in rows if row != known), added])
    return added


def remove(id: str) -> None:
    """Remove a gallery from the list. Raises UserError if it is not in the list."""
    rows = added_galleries()
    if id not in {row.id for row in rows}:
        ids = ", ".join(row.id for row in rows) or "none"
        raise UserError(f"There is no added gallery {id}. The added galleries are: {ids}.")
    save([row for row in rows if row.id != id])
    cache.delete(id, GALLERY_CACHE)


def save(rows: Sequence[AddedGallery]) -> None:
    """Replace the list of added galleries."""
    write(ADDED_FILE, json.dumps([asdict(row) for row in rows], indent=1).encode())


def galleries(models: Sequence[ModelCard], out: Path, progress: Progress) -> list[Gallery]:
    """Make every gallery, with files in out/galleries; one that cannot be made is `missing`.

    `progress` and `reason_missing` give the reason. dist/ does not: a reason may name paths of this machine.
    """
    rows = [AddedGallery(DEFAULT.stem, str(DEFAULT)), *added_galleries()]
    made, reasons = [], {}
    for n, row in enumerate(rows):
        try:
            gallery_card = card.read(Path(row.source), row.id, row.title)
            gallery = make.make(gallery_card, models, out, _part(progress, n, len(rows)))
        except ERRORS as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise  # a full disk stops the whole build, which has a sentence for it
            gallery = make.missing(row.id, row.title or row.id, UNAVAILABLE)
            reasons[row.id] = str(error)
        if gallery.missing:
            reason = reasons.get(gallery.id, gallery.missing)
            progress(f"{gallery.id} is left out: {reason}", (n + 1) / len(rows))
        made.append(gallery)
    write(GALLERY_CACHE / REASONS, json.dumps(reasons).encode())
    user = user_gallery(models, out)
    return [*made, user] if user else made


def reason_missing(id: str) -> str:
    """Why the last build does not have a gallery; "" if it has it, or was not made anew."""
    try:
        return str(json.loads((GALLERY_CACHE / REASONS).read_bytes()).get(id, ""))
    except (OSError, ValueError):
        return ""


def user_gallery(models: Sequence[ModelCard], out: Path, cache_folder: Path | None = None) -> Gallery | None:
    """The gallery of the visitor's own pictures, an input of its indexes; None without a classifier."""
    classifiers = [model for model in models if model.kind == "classifier" and not model.missing]
    if not classifiers:
        return None
    cache_folder = cache_folder or GALLERY_CACHE
    folder = cache_folder / f"{OWN}-{cache.index_key(classifiers)}"
    target = folder / "gallery.json"
    if not target.is_file():
        write(target, json.dumps(to_dict(_make_user_gallery(classifiers, folder, out))).encode())
    cache.delete(OWN, cache_folder, folder)
    gallery = from_dict(json.loads(target.read_text("utf-8")))
    cache.place(gallery, folder, out)
    return gallery


def manifest_row(id: str) -> dict[str, Any] | None:
    """A gallery's row in dist/manifest.json; None if there is none."""
    try:
        rows = json.loads((DIST / "manifest.json").read_bytes())["galleries"]
    except (OSError, ValueError, KeyError):
        return None
    return next((row for row in rows if row["id"] == id), None)


def fingerprint() -> bytes:
    """A hash of what the added galleries are made from; dist/ is out of date once it changes."""
    total = hashlib.sha256()
    for row in added_galleries():
        total.update(repr(asdict(row)).encode())
        try:
            gallery_card = card.read(Path(row.source), row.id, row.title)
            total.update(cache.key(gallery_card, characters.find_files(gallery_card)).encode())
        except ERRORS as error:
            total.update(str(error).encode())
    return total.digest()


def _make_user_gallery(classifiers: Sequence[ModelCard], folder: Path, out: Path) -> Gallery:
    from models.graphs import index
    from publish.gallery import features

    indexes = {
        model.id: index.user_indexes(features.feature_count(model, out), folder) for model in classifiers
    }
    return Gallery(OWN, "Your own pictures", index.USER_ROWS, File("", 0), (), 0, 0, 0, indexes)


def _part(progress: Progress, n: int, total: int) -> Progress:
    """Progress of the n-th of `total` galleries, as progress of all of them."""
    return lambda text, share: progress(text, (n + share) / total)


def _candidate_ids(id: str) -> list[str]:
    return [id, *(f"{id}-{n}" for n in range(2, 1000))]
