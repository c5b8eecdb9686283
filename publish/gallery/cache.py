"""The cache of made galleries: keys, the copy to dist/, and the removal of old entries.

Does not make a gallery and imports no heavy package.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from app.core.card import ModelCard
from app.core.gallery import Gallery
from models.dependencies import digest
from publish import node_packages
from publish.files import write
from publish.gallery import avatars
from publish.gallery.card import GalleryCard

PACKAGES = ("numpy", "onnxruntime", "pillow")


def key(card: GalleryCard, files: Mapping[int, Sequence[Path]], faces: str = "") -> str:
    """A hash of what sheets, names and features are made from; a file counts by name, size and time.

    `files` are those of characters.find_files; `faces` is faces.key if there may be photographs among them.
    """
    total = hashlib.sha256(" ".join([faces, *(version(name) for name in PACKAGES)]).encode())
    total.update(digest("publish.gallery.make").encode())
    total.update(repr([card.id, card.title, [asdict(item) for item in card.sets]]).encode())
    total.update(repr(avatars.keys(card.sets)).encode())
    for n, paths in files.items():
        package = card.sets[n].npm
        if package:  # the version counts: npm sets the time of a file to the time of unpacking
            names = [path.name for path in paths]
            total.update(f"{package} {node_packages.version(package)} {names}".encode())
        else:
            stats = [(path.name, path.stat()) for path in paths]
            total.update(repr([(name, s.st_size, s.st_mtime_ns) for name, s in stats]).encode())
    return total.hexdigest()[:16]


def index_key(classifiers: Sequence[ModelCard]) -> str:
    """A hash of what indexes depend on in addition to `key`."""
    rows = [(card.id, [g.sha256 for v in card.variants for g in v.graphs]) for card in classifiers]
    total = hashlib.sha256(repr(rows).encode())
    total.update(digest("models.graphs.index").encode())
    return total.hexdigest()[:16]


def place(gallery: Gallery, folder: Path, out: Path) -> None:
    """Copy the gallery's files from `folder` to `out`.

    File names contain a hash of the content, so a file that is there with the right size is not copied.
    """
    sizes = {file.path: file.bytes for file in (gallery.names, *gallery.sheets) if file.path}
    sizes |= {
        f.path: f.bytes
        for rows in gallery.indexes.values()
        for row in rows
        for g in row.graphs
        for f in g.files
    }
    for path, size in sizes.items():
        if not (out / path).is_file() or (out / path).stat().st_size != size:
            write(out / path, (folder / path).read_bytes())


def folders(id: str, cache: Path) -> list[Path]:
    """The folders of a gallery in the cache, whatever their key."""
    return sorted(cache.glob(f"{id}-{'[0-9a-f]' * 16}"))


def delete(id: str, cache: Path, but: Path | None = None) -> None:
    """Delete the folders of a gallery in the cache except `but`."""
    for folder in folders(id, cache):
        if folder != but:
            shutil.rmtree(folder, ignore_errors=True)
