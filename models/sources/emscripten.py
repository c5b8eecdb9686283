"""One file out of an Emscripten package: a `.data` of files end to end, and the loader that knows where.

Does not run the loader: it reads the table of offsets in it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

LOADER = 1 << 20  # bytes; MediaPipe's has 9 kB


def member(package: Path, name: str, size: int) -> bytes:
    """The `size` bytes of the packed file whose path ends with `name`; its loader is beside `package`.

    Raises ValueError with what is wrong with the package, OSError where a file cannot be read.
    """
    loader = package.with_name(f"{package.stem}_loader.js")
    if not loader.is_file():
        raise ValueError(f"{loader.name}, which says where the packed files begin, is not beside it")
    if loader.stat().st_size > LOADER:
        raise ValueError(f"{loader.name} is longer than {LOADER} bytes")
    found = re.search(rb'loadPackage\((\{"files": *\[[^\]]*\][^{}]*\})\)', loader.read_bytes())
    try:
        rows = json.loads(found[1])["files"] if found else []
        places = [(int(row["start"]), int(row["end"])) for row in rows if _is(str(row["filename"]), name)]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(f"the table of packed files in {loader.name} is not readable") from None
    if len(places) != 1:
        raise ValueError(f"{loader.name} names {len(places)} files {name}, not one")
    start, end = places[0]
    if not 0 <= start < end <= package.stat().st_size or end - start != size:
        raise ValueError(
            f"{loader.name} has {name} at {start} to {end}, which is not {size} bytes of the package"
        )
    with package.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _is(path: str, name: str) -> bool:
    return path == name or path.endswith(f"/{name}")
