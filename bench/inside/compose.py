"""Times one of the page's Compositors: sample and compose, until all is drawn. Run by bench/compose.py.

Does not time the inference of the Mask.
"""

import json
from typing import Any

import js
import page

from app.core.frame import Frame
from app.core.ports import Mask
from app.page.canvas import CanvasCompositor
from app.page.compositor import Compositor
from app.page.engine import open_matte
from app.page.probe import options
from app.page.session import now


async def main(kind: str, rounds: int) -> str:
    """[ms of sampling, ms of composing] of each of globalThis.frames, `rounds` times, as JSON."""
    shell: Any = page.python.unwrap()
    card, engine, settings = shell.state.card, shell.engine, shell.state.settings

    js_canvas, js_pixel = js.OffscreenCanvas.new(640, 480), js.Uint8Array.new(4)
    compositor: Any
    if kind == "gl":
        compositor = Compositor(js_canvas, options(), card, shell.engine.runtime.wrap)
    else:
        compositor = CanvasCompositor(
            js_canvas, card, shell.engine.runtime.wrap, await open_matte(shell.engine.runtime, card)
        )
    compositor.backdrop(js.frames[0], "given")
    times = []
    for _ in range(rounds):
        for js_frame in js.frames:
            js_picture = await js.createImageBitmap(js_frame)
            frame = Frame(js_picture, 640, 480, close=js_picture.close)
            begin = now()
            sample = compositor.sample(frame, card.input)
            sampled = now()
            feeds = {"rgba": sample.tensor, **engine.pipeline.task.feeds(frame, settings)}
            mask = Mask((await engine.session.run(feeds))["mask"], sample)
            inferred = now()
            await compositor.compose(frame, mask, settings)
            if kind == "gl":  # reading a pixel waits until all is drawn
                gl = compositor.gl
                gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, js_pixel)
            else:
                compositor._main.getImageData(0, 0, 1, 1)
            times.append([sampled - begin, now() - inferred])
            frame.close()
    await compositor.close()
    return json.dumps(times)
