"""Has the page's own Compositor draw one frame in many ways. Sent as text by test_compositor.py.

Does not judge the pictures.
"""

from array import array
from base64 import b64decode, b64encode
from types import SimpleNamespace
from typing import Any

from js import Blob, Float32Array, Uint8Array, createImageBitmap
from pyodide.ffi import to_js

from app.core.annotations import Annotations, ColorOverlay
from app.core.card import Input
from app.core.frame import Frame
from app.core.geometry import Affine2D, Letterbox, RotatedRect
from app.core.settings import Settings
from app.panel.apply import changed


async def picture(text: str) -> Any:
    """An ImageBitmap of a PNG in base64."""
    return await createImageBitmap(Blob.new(to_js([to_js(b64decode(text))])))


def marks(rows: list[dict[str, Any]]) -> list[Annotations]:
    """Marks from JSON."""
    return [
        Annotations(**{**row, "numbers": array("f", row["numbers"]), "to": Affine2D(*row["to"])})
        for row in rows
    ]


def tint(page: Any, row: dict[str, Any]) -> ColorOverlay:
    """A ColorOverlay from JSON."""
    js_bytes = Uint8Array.new(to_js(b64decode(row["pixels"])))
    pixels = page.python.unwrap().engine.runtime.wrap("uint8", js_bytes, tuple(row["shape"]))
    return ColorOverlay(pixels, Letterbox(*row["spot"]))


async def overlaid(page: Any, given: dict[str, Any]) -> list[str]:
    """An ROI's bytes, then each picture with a ColorOverlay and Annotations over it as PNG, all in base64."""
    compositor = page.python.unwrap().engine.compositor
    js_frame = await picture(given["frame"])
    frame = Frame(js_frame, js_frame.width, js_frame.height)
    into, roi = Input(*given["into"]), RotatedRect(*given["region"])
    js_rgba = compositor.sample(frame, into, roi).data
    found = [b64encode(js_rgba.to_bytes()).decode()]
    for fields in given["looks"]:
        settings = changed(Settings(), **fields)
        await compositor.compose(frame, None, settings)
        compositor.mark([tint(page, given["tint"]), *marks(given["marks"])], settings.mirror)
        found.append(await shown(page))
    return found


async def shown(page: Any) -> str:
    """The canvas as PNG in base64."""
    js_blob = await page.canvas.convertToBlob()
    return b64encode(Uint8Array.new(await js_blob.arrayBuffer()).to_bytes()).decode()


async def inside(page: Any, given: dict[str, Any]) -> list[str]:
    """The sample's bytes, then the picture of each Settings as PNG, all in base64."""
    compositor, into = page.python.engine.compositor, page.python.unwrap().state.card.input
    mask = SimpleNamespace(data=Float32Array.new(Uint8Array.new(to_js(b64decode(given["mask"]))).buffer))
    js_frame = await picture(given["frame"])
    compositor.backdrop(await picture(given["backdrop"]), "given")
    found: list[str] = []
    for fields in given["looks"]:
        frame = Frame(js_frame, js_frame.width, js_frame.height)
        js_rgba = compositor.sample(frame, into).data
        if not found:
            found.append(b64encode(js_rgba.to_bytes()).decode())
        await compositor.compose(frame, mask, changed(Settings(), **fields))
        found.append(await shown(page))
    return found
