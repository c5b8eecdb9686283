"""The HTTP headers of each path, from static/headers.json: the same for `serve` and for hosting.

Does not send anything. The file is a list of rules. A rule applies to a path that its `match` fits (a shell
pattern, `*` also matches slashes); later rules override earlier ones.
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
    """All rules, in the order of the file."""
    rows: Rules = json.loads(file.read_text(encoding="utf-8"))
    return rows


def headers(rows: Rules, path: str) -> dict[str, str]:
    """The headers of a path relative to dist/, for instance "ort/1.30.0/ort.wasm.min.mjs"."""
    fields: dict[str, str] = {}
    for row in rows:
        if fnmatchcase(path, row["match"]):
            fields.update(row["headers"])
    return fields
