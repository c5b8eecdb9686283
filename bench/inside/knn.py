"""Runs an index graph on the page's backend for each query. Run by bench/knn.py.

Judges nothing: returns times and the numbers found.
"""

import json
from typing import Any

import js
import page

from app.page.runtime import Fetched
from app.page.session import now
from app.page.tensor import Tensor


async def main(graph: list[str], queries: str, m: int, warm_up: int) -> str:
    """As JSON: `times` in ms of all but the first `warm_up` runs, and `which`, the numbers found.

    `graph` are the paths of the files of an index, `queries` is the path of float32 [n,m].
    """
    files = [js.Uint8Array.new(await fetch_bytes(path)) for path in graph]
    session = await page.python.unwrap().engine.runtime.small([Fetched(*files)])
    js_all = js.Float32Array.new(await fetch_bytes(queries))
    memory, keep = session.blank((1, m)), session.tensor([0.0], (1,))
    times, which = [], []
    for start in range(0, js_all.length, m):
        features = Tensor("float32", js_all.slice(start, start + m), (1, m))
        begin = now()
        outputs = await session.run({"features": features, "memory": memory, "keep": keep})
        times.append(now() - begin)
        which.append(list(session.numbers(outputs["which"])))
    await session.close()
    return json.dumps({"times": times[warm_up:], "which": which})


async def fetch_bytes(path: str) -> Any:
    """A file as an ArrayBuffer."""
    return await (await js.fetch(path)).arrayBuffer()
