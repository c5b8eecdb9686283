"""Runs a compiled graph made by hand in the page's own Python. Sent as text by test_compiled.py.

Does not judge the outputs.
"""

import json
from base64 import b64decode, b64encode
from typing import Any

from js import Uint8Array
from pyodide.ffi import to_js

from app.page.compiled import CompiledSession
from app.page.tensor import Tensor


async def refused(files: list[str]) -> str:
    """Why the files of a graph cannot be opened or run; "" where they can."""
    js_module, js_weights = (Uint8Array.new(to_js(b64decode(file))) for file in files)
    try:
        session = await CompiledSession.open(js_module, js_weights)
        await session.run({})
    except RuntimeError as error:
        return str(error)
    return ""


async def inside(files: list[str], rgba: str, shape: list[int], rows: list[list[float]]) -> str:
    """The masks of runs whose memory is the mask of the run before, each weighed by a row's number.

    As JSON, in base64: the masks as they were after their runs, and as they are at the end.
    """
    session = await CompiledSession.open(*(Uint8Array.new(to_js(b64decode(file))) for file in files))
    session.idle()
    picture = Tensor("uint8", Uint8Array.new(to_js(b64decode(rgba))), (*shape, 4))
    memory: Any = session.blank(shape)
    masks, then = [], []
    for row in rows:
        outputs = await session.run({"rgba": picture, "memory": memory, "keep": session.tensor(row, (1,))})
        memory = outputs["mask"]
        masks.append(memory)
        then.append(session.numbers(memory).tobytes())
    wrong = ""
    try:
        await session.run({"rgba": memory, "memory": memory, "keep": session.tensor([0.0], (1,))})
    except RuntimeError as error:
        wrong = str(error)
    await session.close()
    try:
        await session.run({})
    except RuntimeError as error:
        wrong += f"; {error}"
    now = [session.numbers(mask).tobytes() for mask in masks]
    return json.dumps({"then": encoded(then), "now": encoded(now), "wrong": wrong})


def encoded(rows: list[bytes]) -> list[str]:
    return [b64encode(row).decode() for row in rows]
