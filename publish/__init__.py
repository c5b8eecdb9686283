"""Packs dist/, the folder of everything that the page is made of, and serves it.

Does not convert models (`models` does) and does not decide what the page does (`app` does).
"""

from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
STATE = ROOT / ".vitrine"
CACHE = STATE / "cache"
NODE_MODULES = ROOT / "node_modules"

Progress = Callable[[str, float], None]  # is called with what is being done and the share done, 0 to 1
