"""Tree: the files of dist/, written whole or not at all.

Does not compress and does not know what the files are for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from threading import get_ident
from typing import Any


def sha256(data: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path` at once: an interrupted run leaves the old file or none; threads may write one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class Tree:
    """A folder that holds what was put or kept in this run, and after `sweep` nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: set[str] = set()

    def put(self, path: str, data: bytes) -> dict[str, Any]:
        """Write a file, if it is not there already; gives its path, bytes and sha256."""
        file = self.root / path
        if not (file.is_file() and file.stat().st_size == len(data) and file.read_bytes() == data):
            write(file, data)
        self.paths.add(path)
        return {"path": path, "bytes": len(data), "sha256": sha256(data)}

    def keep(self, found: object) -> None:
        """Keep every file of the folder whose path is named anywhere in `found` (plain JSON types)."""
        if isinstance(found, Mapping):
            found = list(found.values())
        if isinstance(found, list | tuple):
            for each in found:
                self.keep(each)
        elif isinstance(found, str) and found and (self.root / found).is_file():
            self.paths.add(found)

    def sweep(self) -> None:
        """Delete what was neither put nor kept, and compressed copies of such files."""
        for file in sorted(self.root.rglob("*"), reverse=True):
            path = file.relative_to(self.root).as_posix()
            if file.is_dir() and not file.is_symlink():
                if not any(file.iterdir()):
                    file.rmdir()
            elif path.removesuffix(".br") not in self.paths:
                file.unlink()
