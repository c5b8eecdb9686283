"""The dist/ that `build.py build` made, for the tests that run models.

Does not build it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from app.core.card import ModelCard, from_dict

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"


@cache
def manifest() -> dict[str, Any]:
    """dist/manifest.json. Raises RuntimeError, which says what to do, if dist/ is not built."""
    try:
        table: dict[str, Any] = json.loads((DIST / "manifest.json").read_bytes())
    except FileNotFoundError:
        raise RuntimeError("dist/ is not built. Run: python3 build.py build") from None
    return table


@cache
def cards() -> dict[str, ModelCard]:
    """The cards for which this build has models, by id."""
    return {row["id"]: from_dict(row) for row in manifest()["models"] if not row["missing"]}
