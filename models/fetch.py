"""Bytes by their sha256, from the first source that has them.

Does not convert, and never returns bytes whose hash was not checked.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from models.cards import Card, Source

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".vitrine" / "cache" / "files"
NODE = ROOT / "node_modules"
TIMEOUT = 30.0  # seconds without an answer before the next source is tried
CHUNK = 1 << 16

Say = Callable[[str], None]


class Missing(Exception):
    """No source has the file; the message says in one line what was tried."""


class _Refused(Exception):
    """One source does not have the file, and why."""


def fetch(card: Card, say: Say, cache: Path | None = None, node: Path | None = None) -> tuple[bytes, str]:
    """The published file of a card and where it came from. Raises Missing."""
    cache, node = cache or CACHE, node or NODE
    kept = cache / card.sha256
    reasons = []
    for source in card.sources:
        try:
            if source.url:
                data = _kept(kept, card) or _from_url(source.url, card, say)
            else:
                data = _from_npm(source, card, node)
        except _Refused as error:
            reasons.append(f"{source}: {error}")
            continue
        if source.url:
            _keep(kept, data)
        return data, str(source)
    raise Missing(f"{card.title} is left out, no source has its file ({'; '.join(reasons)})")


def _checked(data: bytes, card: Card) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != card.sha256:
        raise _Refused(f"another file is there: sha256 {found[:12]}..., {card.sha256[:12]}... is wanted")
    return data


def _from_npm(source: Source, card: Card, node: Path) -> bytes:
    path = node / source.npm / source.path
    if not path.resolve().is_relative_to(node.resolve()):
        raise _Refused("the path leads out of the package")
    if not path.is_file():
        raise _Refused("the package is not installed (npm ci brings it)")
    return _checked(path.read_bytes(), card)


def _from_url(url: str, card: Card, say: Say) -> bytes:
    mirror = os.environ.get("VITRINE_MIRROR", "")
    if mirror:
        data = _from_mirror(Path(mirror), url, card)
        if data is not None:
            return data
    request = urllib.request.Request(url, headers={"User-Agent": "vitrine-build"})
    parts: list[bytes] = []
    got, told = 0, -1
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            while part := answer.read(CHUNK):
                parts.append(part)
                got += len(part)
                if got > card.bytes:
                    raise _Refused(f"the answer is longer than {card.bytes} bytes")
                if (tenth := 10 * got // card.bytes) > told:
                    told = tenth
                    say(f"{card.title}: {10 * tenth} % of {card.bytes:,} bytes")
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise _Refused(f"no answer ({reason})") from None
    return _checked(b"".join(parts), card)


def _from_mirror(mirror: Path, url: str, card: Card) -> bytes | None:
    """The file a mirror directory keeps for a hash or an address; None where it has none."""
    try:
        rows = tomllib.loads((mirror / "WEIGHTS.toml").read_text("utf-8")).get("file", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _Refused(f"VITRINE_MIRROR: WEIGHTS.toml is not readable: {error}") from None
    for row in rows:
        if card.sha256 == row.get("sha256") or url == row.get("url"):
            path = mirror / str(row.get("path", ""))
            if not path.resolve().is_relative_to(mirror.resolve()) or not path.is_file():
                raise _Refused(f"VITRINE_MIRROR: {row.get('path')} is listed and not there")
            return _checked(path.read_bytes(), card)
    return None


def _kept(path: Path, card: Card) -> bytes | None:
    try:
        return _checked(path.read_bytes(), card)
    except (OSError, _Refused):
        return None


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)
