"""Fetches the published files of a model from the first source that has all of them.

Does not convert files, and never returns bytes without checking their sha256.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import UserError
from models.sources import emscripten
from models.sources.download import UnavailableError, download, mirrored
from models.spec.card import Card, File, Source

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".vitrine" / "cache" / "files"
NODE = ROOT / "node_modules"

Progress = Callable[[str], None]


class MissingSourceError(UserError):
    """No source of a card has its files; the message lists what was tried."""


@dataclass(frozen=True)
class Fetched:
    """The files of one source; every sha256 is checked."""

    source: Source
    files: Mapping[str, bytes]  # by the names in the card, in its order
    title: str  # the place of the first file

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(map(len, self.files.values()))


def fetch(card: Card, progress: Progress, cache: Path | None = None, node: Path | None = None) -> Fetched:
    """The published files of a card, from its first source that has them all. Raises MissingSourceError."""
    cache, node = cache or CACHE, node or NODE
    reasons = []
    for source in card.sources:
        files: dict[str, bytes] = {}
        try:
            for file in source.files:
                files[file.name] = _one(file, card.title, progress, cache, node)
        except UnavailableError as error:
            reasons.append(f"{source.files[len(files)]}: {error}")
            continue
        return Fetched(source, files, str(source))
    raise MissingSourceError(f"{card.title} is left out: no source has its files. {' '.join(reasons)}")


def _one(file: File, title: str, progress: Progress, cache: Path, node: Path) -> bytes:
    if file.npm:
        return _from_npm(file, node)
    if file.local:
        return _from_project(file)
    cached = cache / file.sha256
    data = _from_cache(cached, file)
    if data is None:
        data = mirrored(file.url, file.sha256, file.bytes)
        if data is None:
            data = download(file.url, file.bytes, progress, title)
        _to_cache(cached, _checked(data, file))
    return data


def _checked(data: bytes, file: File) -> bytes:
    actual = hashlib.sha256(data).hexdigest()
    if actual != file.sha256:
        raise UnavailableError(
            f"the file is another one: its sha256 begins {actual[:12]}, not {file.sha256[:12]}."
        )
    return data


def _from_npm(file: File, node: Path) -> bytes:
    path = node / file.npm / file.path
    if not path.resolve().is_relative_to(node.resolve()):
        raise UnavailableError("the path leads out of the package.")
    if not path.is_file():
        raise UnavailableError("the package is not installed. Run npm ci.")
    if not file.member:
        return _checked(_read(path, file), file)
    try:
        return _checked(emscripten.member(path, file.member, file.bytes), file)
    except OSError as error:
        raise UnavailableError(f"the package is not readable ({error}).") from None


def _from_project(file: File) -> bytes:
    path = ROOT / file.local
    if not path.resolve().is_relative_to(ROOT.resolve()):
        raise UnavailableError("the path leads out of the project.")
    if not path.is_file():
        raise UnavailableError("the file is not in the project.")
    return _checked(_read(path, file), file)


def _read(path: Path, file: File) -> bytes:
    size = path.stat().st_size
    if size != file.bytes:
        raise UnavailableError(f"the file is another one: it has {size} bytes, not {file.bytes}.")
    return path.read_bytes()


def _from_cache(path: Path, file: File) -> bytes | None:
    try:
        return _checked(path.read_bytes(), file)
    except (OSError, UnavailableError):
        return None


def _to_cache(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(path)
