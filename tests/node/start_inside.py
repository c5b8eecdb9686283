"""Run inside Pyodide by start.mjs; the last expression is what it gives back.

Does not test what the modules do.
"""

import asyncio
import json
import sys

before = "app.page.main" in sys.modules

import app  # noqa: E402 - after the look at what was there before
import app.page.main  # noqa: E402
from app.core.settings import Settings  # noqa: E402
from app.page import gl  # noqa: E402

json.dumps(
    {
        "version": app.__version__,
        "python": list(sys.version_info[:2]),
        "imported_before": before,
        "main": asyncio.iscoroutinefunction(app.page.main.main),
        "background": Settings().background,
        "shaders": len(gl.SOURCES),
    }
)
