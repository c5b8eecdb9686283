"""An index graph on the page's backend, query after query. Run by bench/knn.py.

Judges nothing: gives times and what was found.
"""

import json
from typing import Any

import js
import page

from app.page.session import Session, now


async def main(provider: str, graph: str, queries: str, m: int, warm: int) -> str:
    """As JSON `times` in ms, of all but the first `warm` runs, and `which`, the numbers found.

    `graph` and `queries` are paths, of an index and of float32 [n,m].
    """
    session = await Session.open(page.ort, js.Uint8Array.new(await fetched(graph)), provider)
    js_all = js.Float32Array.new(await fetched(queries))
    memory, keep = session.blank((1, m)), session.tensor([0.0], (1,))
    times, which = [], []
    for start in range(0, js_all.length, m):
        features = session.wrap("float32", js_all.slice(start, start + m), (1, m))
        begin = now()
        found = await session.run({"features": features, "memory": memory, "keep": keep})
        times.append(now() - begin)
        which.append(list(session.numbers(found["which"])))
    await session.close()
    return json.dumps({"times": times[warm:], "which": which})


async def fetched(path: str) -> Any:
    """An ArrayBuffer."""
    return await (await js.fetch(path)).arrayBuffer()
