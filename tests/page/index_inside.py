"""Runs graphs on a backend's runtime beside the page's own, each on feeds given. Sent by test_index.py.

Does not judge the outputs.
"""

import json
from base64 import b64decode, b64encode
from typing import Any

from js import Float32Array
from pyodide.ffi import to_js

from app.page.runtime import Fetched, Runtime
from app.page.tensor import Tensor


async def inside(runtime: Runtime, graphs: list[dict[str, Any]]) -> str:
    """Of each graph and each of its feeds the outputs by name, in base64, as JSON."""
    found = []
    for graph in graphs:
        session = await runtime.small([Fetched(*(to_js(b64decode(file)) for file in graph["files"]))])
        runs = []
        for feeds in graph["feeds"]:
            outputs = await session.run({name: tensor(**value) for name, value in feeds.items()})
            runs.append({name: b64encode(t.data.to_bytes()).decode() for name, t in outputs.items()})
        await session.close()
        found.append(runs)
    return json.dumps(found)


def tensor(kind: str, shape: list[int], data: str) -> Tensor:
    js_bytes = to_js(b64decode(data))
    return Tensor(kind, js_bytes if kind == "uint8" else Float32Array.new(js_bytes.buffer), shape)
