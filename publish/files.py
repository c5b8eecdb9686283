"""Writes files whole or not at all, and hashes them.

Does not know what the files are for.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import get_ident


def sha256(data: bytes) -> str:
    """The sha256 in hex."""
    return hashlib.sha256(data).hexdigest()


def write(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one step: an interrupted run leaves the old file or none.

    Several threads may write the same path at once.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
