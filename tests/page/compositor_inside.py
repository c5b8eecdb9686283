"""Has the page's own Compositor draw one frame in many ways. Sent as text by test_compositor.py.

Does not judge the pictures.
"""

from base64 import b64decode, b64encode
from types import SimpleNamespace
from typing import Any

from js import Blob, Float32Array, Uint8Array, createImageBitmap
from pyodide.ffi import to_js

from app.frame import Frame
from app.look import Look


async def picture(text: str) -> Any:
    """An ImageBitmap of a PNG in base64."""
    return await createImageBitmap(Blob.new(to_js([to_js(b64decode(text))])))


async def inside(page: Any, given: dict[str, Any]) -> list[str]:
    """The sample's bytes, then the picture of each Look as PNG, all in base64."""
    compositor, into = page.python.engine.compositor, page.python.card.input
    mask = SimpleNamespace(data=Float32Array.new(Uint8Array.new(to_js(b64decode(given["mask"]))).buffer))
    js_frame = await picture(given["frame"])
    compositor.backdrop(await picture(given["backdrop"]), "given")
    found: list[str] = []
    for fields in given["looks"]:
        frame = Frame(js_frame, js_frame.width, js_frame.height)
        js_rgba = compositor.sample(frame, into).data
        if not found:
            found.append(b64encode(js_rgba.to_bytes()).decode())
        await compositor.compose(frame, mask, Look(**fields))
        js_blob = await page.canvas.convertToBlob()
        js_png = Uint8Array.new(await js_blob.arrayBuffer())
        found.append(b64encode(js_png.to_bytes()).decode())
    return found
