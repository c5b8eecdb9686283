"""Puts the scenario into the page's worker and runs it there. Sent as text by test_scenario.py.

Does not choose what is run.
"""

import json
import sys
from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from js import Uint8Array
from pyodide.ffi import to_js


async def inside(page: Any, files: dict[str, str]) -> str:
    """The scenario's numbers, as JSON. `files`: name -> base64, the scenario's modules and its footage."""
    home = Path("/scenario/tests/support")
    home.mkdir(parents=True)
    brought: dict[str, Any] = {}
    for name, text in files.items():
        if name.endswith(".py"):
            (home / name).write_bytes(b64decode(text))
        else:
            brought[name] = to_js(b64decode(text))
    for card in json.loads(page.manifest)["models"]:
        if f"{card['id']}.rgba" not in files:
            continue
        for variant in card["variants"]:
            for graph in variant["graphs"]:
                js_buffer = await page.bytes(graph["path"], card["title"], graph["bytes"])
                brought[graph["path"]] = Uint8Array.new(js_buffer)
    sys.path.insert(0, str(home.parents[1]))

    from tests.support.jsports import main

    return await main(SimpleNamespace(ort=page.ort, manifest=page.manifest, file=brought.__getitem__))
