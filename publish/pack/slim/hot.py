"""The functions of Pyodide's module that the page calls: a measured list, for one version of Pyodide.

Does not measure: `python3 build.py bench hot` does, in a browser, and writes hot.json.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Collection
from pathlib import Path

from publish.files import sha256

FILE = Path(__file__).with_name("hot.json")


def read(module: bytes, count: int, file: Path = FILE) -> set[int]:
    """The positions of the functions called, of a module's `count`; all but one for an unmeasured module."""
    table = json.loads(file.read_bytes()) if file.is_file() else {}
    if table.get("module") != sha256(module):
        return set(range(count - 1))
    bits = b64decode(table["functions"])
    return {i for i in range(count) if bits[i // 8] >> i % 8 & 1}


def write(module: bytes, count: int, hot: Collection[int], file: Path = FILE) -> None:
    """Write the list: a bit for each function, the first in the lowest bit."""
    bits = bytearray((count + 7) // 8)
    for i in hot:
        bits[i // 8] |= 1 << i % 8
    table = {"module": sha256(module), "functions": b64encode(bytes(bits)).decode()}
    file.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
