"""What was made of a gallery, kept under what it was made from, and placed in dist/.

Does not make anything and imports nothing heavy.
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
from publish.files import write
from publish.gallery import avatars
from publish.gallery.card import Card
from publish.node_packages import version as version_of

PACKAGES = ("numpy", "onnxruntime", "pillow")


def key(card: Card, files: Mapping[int, Sequence[Path]], faces: str = "") -> str:
    """What sheets and names are made from, as one hash: pictures are told apart by name, size and time.

    `files` are those of characters.found, `faces` is faces.key where photographs are among them.
    """
    total = hashlib.sha256(" ".join([faces, *(version(name) for name in PACKAGES)]).encode())
    total.update(digest("publish.gallery.make").encode())
    total.update(repr([card.id, card.title, [asdict(each) for each in card.sets]]).encode())
    total.update(repr(avatars.keys(card.sets)).encode())
    for n, found in files.items():
        package = card.sets[n].npm
        if package:  # npm gives every file of a package the same time, of whenever it was unpacked
            total.update(f"{package} {version_of(package)} {[path.name for path in found]}".encode())
        else:
            stats = [(path.name, path.stat()) for path in found]
            total.update(repr([(name, s.st_size, s.st_mtime_ns) for name, s in stats]).encode())
    return total.hexdigest()[:16]


def index_key(classifiers: Sequence[ModelCard]) -> str:
    """What indexes depend on besides `key`."""
    rows = [(card.id, [g.sha256 for v in card.variants for g in v.graphs]) for card in classifiers]
    total = hashlib.sha256(repr(rows).encode())
    total.update(digest("models.graphs.index").encode())
    return total.hexdigest()[:16]


def place(gallery: Gallery, folder: Path, out: Path) -> None:
    """The gallery's files of `folder` in `out`; named by content: what has the right size is right."""
    sizes = {each.path: each.bytes for each in (gallery.names, *gallery.sheets) if each.path}
    sizes |= {g.path: g.bytes for rows in gallery.indexes.values() for row in rows for g in row.graphs}
    for path, size in sizes.items():
        if not (out / path).is_file() or (out / path).stat().st_size != size:
            write(out / path, (folder / path).read_bytes())


def folders(id: str, cache: Path) -> list[Path]:
    """What there is of a gallery, of whatever it was made."""
    return sorted(cache.glob(f"{id}-{'[0-9a-f]' * 16}"))


def forget(id: str, cache: Path, but: Path | None = None) -> None:
    """Delete what was made of a gallery."""
    for old in folders(id, cache):
        if old != but:
            shutil.rmtree(old, ignore_errors=True)
