"""Runs a card's variant on a runtime beside the page's own, on pictures given. Sent by test_models.py.

Does not judge the outputs.
"""

import json
from base64 import b64decode, b64encode
from typing import Any

from js import Float32Array, Uint8Array
from pyodide.ffi import to_js

from app.core.card import from_dict
from app.core.model import Model
from app.page.runtime import Runtime


async def inside(page: Any, runtime: Runtime, given: dict[str, Any]) -> str:
    """Of each picture the outputs by name, in base64, as JSON."""
    engine = page.python.unwrap().engine
    card = from_dict(given["card"]).sized(given["size"])
    variant = next(each for each in (*card.compiled, *card.variants) if each.id == given["variant"])
    session = await runtime.open(card, await runtime.fetch(variant.graphs, card.title))
    alone = Model(card, session, engine.compositor, engine.model.meter).default_feeds
    shape = 1, card.input.height, card.input.width, 4
    found = []
    for text in given["pictures"]:
        js_bytes = Uint8Array.new(to_js(b64decode(text)))
        js_array = js_bytes if variant.rgba == "uint8" else Float32Array.new(js_bytes)
        outputs = await session.run({"rgba": runtime.wrap(variant.rgba, js_array, shape), **alone})
        found.append({name: b64encode(session.numbers(t).tobytes()).decode() for name, t in outputs.items()})
    await session.close()
    return json.dumps(found)
