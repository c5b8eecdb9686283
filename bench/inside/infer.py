"""Runs a card's graph as the page's engine opens it, on one picture. Run by bench/_run_models.py.

Samples no picture: the input is one that is sampled already.
"""

import json
from typing import Any

import js
import page
from pyodide.ffi import JsException

from app.core.card import from_dict
from app.page.session import now


async def main(card: str, size: str, budget: float) -> str:
    """As JSON: `times`, ms of each run within `budget` ms, one at least; or `said`, why it does not run.

    `size` is one of the card's sizes; "" is its own.
    """
    engine: Any = page.python.unwrap().engine
    manifest = json.loads(await (await js.fetch("manifest.json")).text())
    row = next((row for row in manifest["models"] if row["id"] == card), None)
    if row is None or row["missing"]:
        return json.dumps({"said": "this build does not have it"})
    try:
        model = await engine._model(from_dict(row).sized(size))
    except (RuntimeError, JsException) as error:
        return json.dumps({"said": str(error).split("\n")[0][:200]})
    shape = (1, model.card.input.height, model.card.input.width, 4)
    draw = js.OffscreenCanvas.new(shape[2], shape[1]).getContext("2d")
    draw.drawImage(js.frames[0], 0, 0, shape[2], shape[1])
    js_bytes = js.Uint8Array.new(draw.getImageData(0, 0, shape[2], shape[1]).data)
    js_picture = js_bytes if model.rgba == "uint8" else js.Float32Array.new(js_bytes)
    feeds = {"rgba": engine.runtime.wrap(model.rgba, js_picture, shape), **model.default_feeds}
    times: list[float] = []
    late = now() + budget
    while not times or now() < late:
        begin = now()
        await model.session.run(feeds)
        times.append(now() - begin)
    return json.dumps({"times": times})
