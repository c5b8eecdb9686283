"""The headers of a path, by static/headers.json: the same for `serve` here and for the hosting.

A list of rules; every rule whose `match` (a shell pattern, `*` also over slashes) fits the path adds its
headers, later rules over earlier ones. Does not send anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from publish import ROOT

FILE = ROOT / "static" / "headers.json"
ISOLATION = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy")

Rules = Sequence[Mapping[str, Any]]


def rules(file: Path = FILE) -> Rules:
    """The rules as they are written."""
    found: Rules = json.loads(file.read_text(encoding="utf-8"))
    return found


def headers(rows: Rules, path: str) -> dict[str, str]:
    """Headers for a path relative to dist/, for instance "ort/1.30.0/ort.wasm.min.mjs"."""
    found: dict[str, str] = {}
    for row in rows:
        if fnmatchcase(path, row["match"]):
            found.update(row["headers"])
    return found
