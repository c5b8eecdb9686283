"""Extracts one file from an Emscripten package: a `.data` file of files, and a loader with their offsets.

Does not run the loader: it reads the table of offsets in it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from models.sources.download import UnavailableError

LOADER = 1 << 20  # bytes; MediaPipe's has 9 kB


def member(package: Path, name: str, size: int) -> bytes:
    """The file of `size` bytes whose path ends with `name`; the loader is in the folder of `package`.

    Raises UnavailableError where the package is damaged, OSError where a file cannot be read.
    """
    loader = package.with_name(f"{package.stem}_loader.js")
    if not loader.is_file():
        raise UnavailableError(f"{loader.name}, which has the offsets of its files, is missing.")
    if loader.stat().st_size > LOADER:
        raise UnavailableError(f"{loader.name} is longer than {LOADER} bytes.")
    call = re.search(rb'loadPackage\((\{"files": *\[[^\]]*\][^{}]*\})\)', loader.read_bytes())
    try:
        rows = json.loads(call[1])["files"] if call else []
        places = [(int(row["start"]), int(row["end"])) for row in rows if _is(str(row["filename"]), name)]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UnavailableError(f"the table of files in {loader.name} is not readable.") from None
    if len(places) != 1:
        raise UnavailableError(f"{loader.name} lists {len(places)} files {name}, not one.")
    start, end = places[0]
    if not 0 <= start < end <= package.stat().st_size or end - start != size:
        raise UnavailableError(
            f"{loader.name} has {name} at {start} to {end}, which is not {size} bytes of the package."
        )
    with package.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _is(path: str, name: str) -> bool:
    return path == name or path.endswith(f"/{name}")
