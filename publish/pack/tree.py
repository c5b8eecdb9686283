"""Tree: the files of dist/, and the removal of those that this build did not make.

Does not compress files and does not know what they are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from publish.files import sha256, write


class Tree:
    """A folder of which `sweep` leaves only the files that were given to `put` or named to `retain`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: set[str] = set()

    def put(self, path: str, data: bytes) -> dict[str, Any]:
        """Write a file unless it already has this content; returns its path, bytes and sha256."""
        file = self.root / path
        if not (file.is_file() and file.stat().st_size == len(data) and file.read_bytes() == data):
            write(file, data)
        self.paths.add(path)
        return {"path": path, "bytes": len(data), "sha256": sha256(data)}

    def retain(self, value: object) -> None:
        """Retain every existing file whose path occurs anywhere in `value` (plain JSON types)."""
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list | tuple):
            for item in value:
                self.retain(item)
        elif isinstance(value, str) and value and (self.root / value).is_file():
            self.paths.add(value)

    def sweep(self) -> None:
        """Delete all other files, their brotli copies and empty folders."""
        for file in sorted(self.root.rglob("*"), reverse=True):
            path = file.relative_to(self.root).as_posix()
            if file.is_dir() and not file.is_symlink():
                if not any(file.iterdir()):
                    file.rmdir()
            elif path.removesuffix(".br") not in self.paths:
                file.unlink()
