"""Run inside Pyodide by start.mjs; the last expression is what it gives back.

Does not test what the modules do.
"""

import asyncio
import json
import sys

import app
import app.page.start
from app.look import Look
from app.page import gl

json.dumps(
    {
        "version": app.__version__,
        "python": list(sys.version_info[:2]),
        "imported_before": before,  # noqa: F821 - set by start.mjs
        "main": asyncio.iscoroutinefunction(app.page.start.main),
        "background": Look().background,
        "shaders": len(gl.SOURCES),
    }
)
