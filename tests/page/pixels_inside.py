"""Composes a YUV frame in many ways, by the kernels and by 2D canvases. Sent as text by test_pixels.py.

Does not judge the pictures.
"""

import asyncio
import json
from base64 import b64decode, b64encode
from typing import Any

from js import Blob, Object, OffscreenCanvas, Uint8Array, VideoFrame, createImageBitmap
from pyodide.ffi import to_js

from app.core.frame import Frame
from app.core.ports import Mask
from app.core.settings import Settings
from app.page.canvas import CanvasCompositor
from app.panel.apply import changed


async def png(js_canvas: Any) -> str:
    """A canvas as PNG in base64."""
    js_blob = await js_canvas.convertToBlob()
    return b64encode(Uint8Array.new(await js_blob.arrayBuffer()).to_bytes()).decode()


async def both(page: Any, given: dict[str, Any]) -> str:
    """JSON: the samples in base64, and for each Settings the pictures of the kernels and of the canvases."""
    worker = page.python.unwrap()
    engine = worker.engine
    js_canvas = OffscreenCanvas.new(16, 16)
    kernels, into = engine.compositor, worker.state.card.input
    canvases = CanvasCompositor(js_canvas, worker.state.card, engine.runtime.wrap, kernels._matte)
    js_backdrop = await createImageBitmap(Blob.new(to_js([to_js(b64decode(given["backdrop"]))])))
    kernels.backdrop(js_backdrop, "given")
    canvases.backdrop(js_backdrop, "given")
    width, height = given["size"]
    how = {"format": given["format"], "codedWidth": width, "codedHeight": height, "timestamp": 0}
    how["colorSpace"] = {"matrix": "smpte170m", "primaries": "smpte170m", "transfer": "smpte170m"}
    how["colorSpace"]["fullRange"] = False
    js_how = to_js(how, dict_converter=Object.fromEntries)
    found: dict[str, Any] = {"samples": [], "pictures": [], "difference": []}
    async with engine.pipeline.runtime_lock:  # the page's own frames wait
        await asyncio.sleep(0.5)  # the last one is copied before it waits, and must not replace this one
        js_frame = VideoFrame.new(to_js(b64decode(given["planes"])), js_how)
        if not await page.pixels.take(js_frame):  # the page's Python leaves assertions out
            raise RuntimeError("the frame was not taken")
        frame = Frame(js_frame, width, height, close=js_frame.close)
        mask = (await engine.model.infer(frame)).mask
        found["difference"].append(kernels.difference(mask.sample))
        kernels.remember(mask.sample)
        found["difference"].append(kernels.difference(mask.sample))
        for fields in given["settings"]:
            pictures = []
            for compositor, js_shown in ((kernels, page.canvas), (canvases, js_canvas)):
                sample = compositor.sample(frame, into)
                if len(found["samples"]) < 2:
                    found["samples"].append(b64encode(sample.pixels.js_bytes.to_bytes()).decode())
                settings = changed(Settings(), **fields)
                composed = None if settings.background == "none" else Mask(mask.tensor, sample)
                await compositor.compose(frame, composed, settings)
                if not page.pixels.holds(js_frame):
                    raise RuntimeError("another frame was taken")
                pictures.append(await png(js_shown))
            found["pictures"].append(pictures)
        frame.close()
    return json.dumps(found)
