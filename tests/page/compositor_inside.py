"""Has the page's own Compositor draw one frame in many ways. Sent as text by test_compositor.py.

Does not judge the pictures.
"""

import json
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
from app.core.ports import Mask
from app.core.settings import Settings
from app.panel.apply import changed


async def picture(text: str) -> Any:
    """An ImageBitmap of a PNG in base64."""
    return await createImageBitmap(Blob.new(to_js([to_js(b64decode(text))])))


def marks(rows: list[dict[str, Any]]) -> list[Annotations]:
    """Marks from JSON."""
    return [
        Annotations(**{**row, "numbers": array("f", row["numbers"]), "to_frame": Affine2D(*row["to_frame"])})
        for row in rows
    ]


def tint(page: Any, row: dict[str, Any]) -> ColorOverlay:
    """A ColorOverlay from JSON."""
    js_bytes = Uint8Array.new(to_js(b64decode(row["pixels"])))
    pixels = page.python.unwrap().engine.runtime.wrap("uint8", js_bytes, tuple(row["shape"]))
    return ColorOverlay(pixels, Letterbox(*row["letterbox"]))


async def overlaid(page: Any, given: dict[str, Any]) -> list[str]:
    """An ROI's bytes, then each picture with a ColorOverlay and Annotations over it as PNG, all in base64."""
    compositor = page.python.unwrap().engine.compositor
    js_frame = await picture(given["frame"])
    frame = Frame(js_frame, js_frame.width, js_frame.height)
    into, roi = Input(*given["into"]), RotatedRect(*given["region"])
    js_rgba = compositor.sample(frame, into, roi).tensor.data
    found = [b64encode(js_rgba.to_bytes()).decode()]
    for fields in given["settings"]:
        settings = changed(Settings(), **fields)
        await compositor.compose(frame, None, settings)
        compositor.annotate([tint(page, given["tint"]), *marks(given["marks"])], settings.mirror)
        found.append(await shown(page))
    return found


async def shown(page: Any) -> str:
    """The canvas as PNG in base64."""
    js_blob = await page.canvas.convertToBlob()
    return b64encode(Uint8Array.new(await js_blob.arrayBuffer()).to_bytes()).decode()


async def inside(page: Any, given: dict[str, Any]) -> list[str]:
    """The sample's bytes, then the picture of each Settings as PNG, all in base64."""
    compositor, into = page.python.engine.compositor, page.python.unwrap().state.card.input
    tensor = SimpleNamespace(data=Float32Array.new(Uint8Array.new(to_js(b64decode(given["mask"]))).buffer))
    js_frame = await picture(given["frame"])
    compositor.backdrop(await picture(given["backdrop"]), "given")
    found: list[str] = []
    for fields in given["settings"]:
        frame = Frame(js_frame, js_frame.width, js_frame.height)
        sample = compositor.sample(frame, into)
        if not found:
            found.append(b64encode(sample.tensor.data.to_bytes()).decode())
        await compositor.compose(frame, Mask(tensor, sample), changed(Settings(), **fields))
        found.append(await shown(page))
    return found


async def between(page: Any, given: dict[str, Any]) -> str:
    """Pictures composed at once, and again after other samples, as PNG in base64; what is refused. JSON.

    `samples` are the bytes that the model is shown of a frame after the visitor chose another resolution.
    """
    worker = page.python.unwrap()
    model = worker.engine.model
    compositor, into = model.compositor, model.card.input
    js_frame, js_other = await picture(given["frame"]), await picture(given["other"])
    compositor.backdrop(await picture(given["backdrop"]), "given")
    found: dict[str, Any] = {"pictures": [], "samples": [], "refused": []}

    def frame(js_picture: Any) -> Frame:
        return Frame(js_picture, js_picture.width, js_picture.height)

    async with worker.engine.pipeline.runtime_lock:  # the page's own frames wait
        for fields in given["settings"]:
            pair = []
            for disturbed in (False, True):
                one, settings = frame(js_frame), changed(Settings(), **fields)
                mask = (await model.infer(one)).mask
                if disturbed:
                    disturb(compositor, into, model.rgba, one, frame(js_other))
                    await compositor.compose(frame(js_other), None, Settings(background="none"))
                await compositor.compose(one, mask, settings)
                pair.append(await shown(page))
            found["pictures"].append(pair)
        for resolution in ("480", "360"):
            for js_picture in (js_frame, js_other):
                await compositor.compose(frame(js_other), None, Settings(resolution=resolution))
                sample = compositor.sample(frame(js_picture), into)
                found["samples"].append(b64encode(sample.tensor.data.to_bytes()).decode())
        old = (await model.infer(frame(js_frame))).mask
        other = frame(js_other)
        compositor.sample(other, into, rgba=model.rgba)  # into the same memory
        face = Mask(old.tensor, compositor.sample(other, into, RotatedRect(300, 200, 90, 90)))
        foreign = Mask(old.tensor, compositor.sample(other, Input(96, 96, "letterbox")))
        for mask in (old, face, foreign):
            try:
                await compositor.compose(other, mask, Settings())
            except Exception as error:
                found["refused"].append(type(error).__name__)
    return json.dumps(found)


def disturb(compositor: Any, into: Input, rgba: str, frame: Frame, other: Frame) -> None:
    """Samples of other inputs, regions, element types than `rgba`, and frames than the model's own."""
    compositor.sample(other, into, rgba="uint8" if rgba == "float32" else "float32")
    compositor.sample(frame, Input(96, 96, "letterbox"))
    compositor.sample(frame, into, RotatedRect(300, 200, 120, 90, 0.4))
    compositor.sample(other, Input(into.height, into.width, "crop"))
    compositor.sample(other, into, RotatedRect(200, 300, 90, 90), "float32")
