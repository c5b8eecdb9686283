"""Frame to Mask by the page's own code in its worker: sample, feeds, run, memory. Run by bench/peer.py.

Composes nothing.
"""

import json
from math import prod
from typing import Any

import js
import page

from app.core.frame import Frame
from app.page.session import now


async def main() -> str:
    """Milliseconds of each frame in globalThis.frames, as JSON."""
    shell: Any = page.python.unwrap()
    task, state = shell.engine.pipeline.task, shell.state
    times = []
    for js_frame in js.frames:
        js_picture = await js.createImageBitmap(js_frame)  # a new object each time, as from a camera
        begin = now()
        frame = Frame(js_picture, js_picture.width, js_picture.height, close=js_picture.close)
        mask = (await task.step(frame, state.settings)).mask
        assert mask.tensor.data.length == prod(state.card.mask)  # a Float32Array in JavaScript's memory
        times.append(now() - begin)
        frame.close()
    return json.dumps(times)
