"""A model's published files by their sha256, from the first source that has them all.

Does not convert, and never returns bytes whose hash was not checked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.sources import emscripten
from models.sources.download import Refused, download, mirrored
from models.spec.card import Card, File, Source

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".vitrine" / "cache" / "files"
NODE = ROOT / "node_modules"

Say = Callable[[str], None]


class Missing(Exception):
    """No source has the file; the message says in one line what was tried."""


@dataclass(frozen=True)
class Fetched:
    """The files of one source, each as its sha256 says."""

    source: Source
    files: Mapping[str, bytes]  # by the name the model knows it by, in the card's order
    title: str  # where they are from

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(map(len, self.files.values()))


def fetch(card: Card, say: Say, cache: Path | None = None, node: Path | None = None) -> Fetched:
    """The published files of a card, from its first source that has them all. Raises Missing."""
    cache, node = cache or CACHE, node or NODE
    reasons = []
    for source in card.sources:
        files: dict[str, bytes] = {}
        try:
            for file in source.files:
                files[file.name] = _one(file, card.title, say, cache, node)
        except Refused as error:
            reasons.append(f"{source.files[len(files)]}: {error}")
            continue
        return Fetched(source, files, str(source))
    raise Missing(f"{card.title} is left out, no source has its file ({'; '.join(reasons)})")


def _one(file: File, title: str, say: Say, cache: Path, node: Path) -> bytes:
    if file.npm:
        return _from_npm(file, node)
    if file.local:
        return _from_project(file)
    kept = cache / file.sha256
    data = _kept(kept, file)
    if data is None:
        data = mirrored(file.url, file.sha256, file.bytes)
        if data is None:
            data = download(file.url, file.bytes, say, title)
        _keep(kept, _checked(data, file))
    return data


def _checked(data: bytes, file: File) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise Refused(f"another file is there: sha256 {found[:12]}..., {file.sha256[:12]}... is wanted")
    return data


def _from_npm(file: File, node: Path) -> bytes:
    path = node / file.npm / file.path
    if not path.resolve().is_relative_to(node.resolve()):
        raise Refused("the path leads out of the package")
    if not path.is_file():
        raise Refused("the package is not installed (npm ci brings it)")
    if not file.member:
        return _checked(_read(path, file), file)
    try:
        return _checked(emscripten.member(path, file.member, file.bytes), file)
    except (ValueError, OSError) as error:
        raise Refused(str(error)) from None


def _from_project(file: File) -> bytes:
    path = ROOT / file.local
    if not path.resolve().is_relative_to(ROOT.resolve()):
        raise Refused("the path leads out of the project")
    if not path.is_file():
        raise Refused("the file is not in the project")
    return _checked(_read(path, file), file)


def _read(path: Path, file: File) -> bytes:
    size = path.stat().st_size
    if size != file.bytes:
        raise Refused(f"another file is there: {size} bytes, {file.bytes} are wanted")
    return path.read_bytes()


def _kept(path: Path, file: File) -> bytes | None:
    try:
        return _checked(path.read_bytes(), file)
    except (OSError, Refused):
        return None


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)
