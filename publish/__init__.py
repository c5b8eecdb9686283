"""dist/: everything the page is made of, packed, and shown with the headers of its hosting.

Does not convert models (that is `models`) and does not decide what the page does (that is `app`).
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
STATE = ROOT / ".vitrine"
CACHE = STATE / "cache"
NODE_MODULES = ROOT / "node_modules"
