"""The Compositor without shaders: draws with 2D canvases, for browsers without a hardware GPU.

Does not read a pixel in Python: the card's matte graph refines the edge, and the browser draws. At 640x480
on two cores without a GPU it takes 6 ms; the WebGL2 Compositor takes 15 ms there (bench/compose.py). A
camera's frames go through app.page.pixels, which takes less than half of the canvases' time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from js import ImageData, Object, OffscreenCanvas, Uint8ClampedArray

from app.backgrounds import BACKGROUNDS, backdrop, cover_color
from app.core.annotations import Annotations, ColorOverlay
from app.core.card import Input, ModelCard
from app.core.frame import Frame
from app.core.geometry import Affine2D, Letterbox, RotatedRect, letterbox, to_frame
from app.core.ports import Mask, Sample, Session, Tensor
from app.core.settings import Settings
from app.page.canvas_drawing import CanvasDrawing, Rectangle, dom_matrix, fill, stroke
from app.page.inputs import InputBuffers, sampled
from app.page.pixels import Pixels


def _context(js_canvas: Any) -> Any:
    """A 2D context in ordinary memory, so that reading it back is a copy and does not wait for a GPU."""
    return js_canvas.getContext("2d", Object.fromEntries([["willReadFrequently", True]]))


class CanvasCompositor:
    """Draws on `js_canvas` for one card. `matte` is the session of the card's matte graph.

    `js_pixels`: see Pixels.
    """

    def __init__(
        self,
        js_canvas: Any,
        card: ModelCard,
        wrap: Callable[..., Tensor],
        matte: Session,
        js_pixels: Any = None,
    ) -> None:
        self._main = _context(js_canvas)
        self._canvas = js_canvas
        self._matte = matte
        self._contexts: dict[str, Any] = {}
        self._input = card.input
        self._softness: tuple[float, Tensor] | None = None
        self._picture: Any = None
        self._frame_in: tuple[Frame, tuple[int, int]] | None = None  # shown by the canvas "frame"
        self._picture_drawn = False  # whether the canvas "backdrop" shows that picture
        self._pictures = 0  # how many pictures the canvas "backdrop" has shown
        self._pixels = Pixels(js_pixels)
        self.image = ""  # the id of the current backdrop
        self.inputs = InputBuffers(wrap)

    @property
    def textures(self) -> int:
        """The number of canvases in use, for the leak test."""
        return len(self._contexts)

    def sample(
        self, frame: Frame, into: Input, roi: RotatedRect | None = None, rgba: str = "uint8"
    ) -> Sample:
        """See Compositor in app.core.ports."""
        width, height = into.width, into.height
        buffer = self.inputs.at(into, rgba, roi is not None)
        place: Letterbox | None = None
        if roi is None and self._pixels.holds(frame):
            place = letterbox(frame.width, frame.height, into)
            self._pixels.sample(into, place, buffer.js_bytes)
            return buffer.sample(frame, place)
        draw = self._small(f"sample {width}x{height}", width, height)
        js_frame = self._frame(frame, frame.shown_size)
        draw.globalCompositeOperation = "copy"  # clears what a frame of another shape left
        if roi is None:
            place = left, top, w, h = letterbox(frame.width, frame.height, into)
            draw.drawImage(js_frame, left * width, top * height, w * width, h * height)
        else:
            inverse = dom_matrix(to_frame(frame.width, frame.height, into, roi)).inverse()
            draw.setTransform(dom_matrix(Affine2D(width, 0, 0, 0, height, 0)).multiply(inverse))
            draw.drawImage(js_frame, 0, 0, 1, 1)
            draw.resetTransform()
        buffer.js_bytes.set(draw.getImageData(0, 0, width, height).data)
        return buffer.sample(frame, place)

    def difference(self, sample: Sample) -> float:
        """See Compositor in app.core.ports."""
        return self._pixels.difference(sample)

    def remember(self, sample: Sample) -> None:
        """See Compositor in app.core.ports."""
        self._pixels.remember(sample)

    async def compose(self, frame: Frame, mask: Mask | None, settings: Settings) -> None:
        """See Compositor in app.core.ports."""
        crop = None if mask is None else self._crop(mask.letterbox(self._input))
        matte = None if mask is None else await self._refine(mask, settings)
        size = width, height = settings.shown_size(frame)
        if (self._canvas.width, self._canvas.height) != size:
            self._canvas.width, self._canvas.height = size
        draw = self._main
        if self._pixels.shows(frame, size):
            given = None if crop is None else (matte, self._input, crop)
            self._pixels.compose(draw, size, given, settings, partial(self._scaled_backdrop, settings))
            return
        js_frame = self._frame(frame, size)
        if matte is not None:
            self._put("matte", matte, self._input.width, self._input.height)
        if settings.mirror:
            draw.setTransform(-1, 0, 0, 1, width, 0)
        draw.globalCompositeOperation = "copy"
        draw.drawImage(js_frame, 0, 0)
        if crop is not None:
            js_matte = self._contexts["matte"].canvas
            draw.globalCompositeOperation = "destination-in"
            draw.drawImage(js_matte, *crop, 0, 0, width, height)
            draw.globalCompositeOperation = "destination-over"
            drawing = CanvasDrawing(
                draw, self._small, js_frame, js_matte, crop, partial(self._backdrop, settings)
            )
            BACKGROUNDS[settings.background].draw(drawing, settings)
        draw.resetTransform()

    def annotate(self, annotations: Sequence[Annotations | ColorOverlay], mirror: bool) -> None:
        """See Compositor in app.core.ports."""
        self._main.save()
        try:
            self._main.globalCompositeOperation = "source-over"
            for each in annotations:
                if isinstance(each, ColorOverlay):
                    self._draw_overlay(each, mirror)
                else:
                    stroke(self._main, each, mirror)
        finally:  # after an error too, so that the next picture is correct
            self._main.restore()

    def cover(self, settings: Settings) -> None:
        """See Compositor in app.core.ports."""
        self._main.globalCompositeOperation = "copy"
        if backdrop(settings):
            self._backdrop(settings)
        else:
            fill(self._main, cover_color(settings))

    def backdrop(self, js_picture: Any, image: str) -> None:
        """Set the picture to show behind the person; `image` is its id."""
        self._picture, self.image, self._picture_drawn = js_picture, image, False

    async def close(self) -> None:
        """Free all canvases and the matte session."""
        self._contexts.clear()
        await self._matte.close()

    async def _refine(self, mask: Mask, settings: Settings) -> Tensor:
        """Refine the Mask to the edges of the picture in its Sample; returns pixels [1,h,w,4]."""
        rgba = sampled(mask).bytes
        if self._softness is None or self._softness[0] != settings.edge_half_width:
            self._softness = settings.edge_half_width, self._matte.tensor([settings.edge_half_width], (1,))
        feeds = {"rgba": rgba, "mask": mask.tensor, "softness": self._softness[1]}
        return (await self._matte.run(feeds))["matte"]

    def _put(self, name: str, pixels: Tensor, width: int, height: int) -> Any:
        """Copy a Tensor uint8 [1,h,w,4] to the named canvas; returns its context."""
        data = pixels.data
        clamped = Uint8ClampedArray.new(data.buffer, data.byteOffset, data.length)
        draw = self._small(name, width, height)
        draw.putImageData(ImageData.new(clamped, width, height), 0, 0)
        return draw

    def _backdrop(self, settings: Settings) -> None:
        """Draw the backdrop; before it is loaded, the cover colour."""
        found = self._scaled_backdrop(settings)
        if isinstance(found, str):
            fill(self._main, found)
        else:
            self._main.resetTransform()  # the backdrop is not mirrored
            self._main.drawImage(found[0].canvas, 0, 0)

    def _scaled_backdrop(self, settings: Settings) -> tuple[Any, int] | str:
        """The context of the backdrop, cropped to fill and cached at this size, and the picture's number; the
        cover colour before a picture is loaded.
        """
        width, height = self._canvas.width, self._canvas.height
        if self._picture is None:
            return cover_color(settings)
        scaled = self._contexts.get("backdrop")
        size = None if scaled is None else (scaled.canvas.width, scaled.canvas.height)
        if scaled is None or size != (width, height) or not self._picture_drawn:
            scaled = self._small("backdrop", width, height)
            scaled.fillRect(0, 0, width, height)  # black, so that the previous picture does not show through
            picture = self._picture
            scale = max(width / picture.width, height / picture.height)
            w, h = width / scale, height / scale
            crop = (picture.width - w) / 2, (picture.height - h) / 2, w, h
            scaled.drawImage(picture, *crop, 0, 0, width, height)
            self._picture_drawn = True
            self._pictures += 1
        return scaled, self._pictures

    def _draw_overlay(self, overlay: ColorOverlay, mirror: bool) -> None:
        """Draw a ColorOverlay over the picture, scaled to its size."""
        _, height, width, _ = overlay.pixels.dims
        small, (left, top, w, h) = self._put("tint", overlay.pixels, width, height), overlay.letterbox
        crop = left * width, top * height, w * width, h * height
        if mirror:
            self._main.setTransform(-1, 0, 0, 1, self._canvas.width, 0)
        self._main.drawImage(small.canvas, *crop, 0, 0, self._canvas.width, self._canvas.height)
        self._main.resetTransform()

    def _crop(self, place: Letterbox) -> Rectangle:
        """The part of the matte that the frame covers, in the matte's pixels."""
        left, top, width, height = place
        into = self._input
        return left * into.width, top * into.height, width * into.width, height * into.height

    def _frame(self, frame: Frame, size: tuple[int, int]) -> Any:
        """The frame as a canvas of this size.

        It is drawn once per frame: the browser converts a camera's YUV picture at each drawing, which takes
        6 ms at 640x480.
        """
        draw = self._small("frame", *size)
        drawn = self._frame_in
        if drawn is None or drawn[0] is not frame or drawn[1] != size:
            draw.globalCompositeOperation = "copy"
            draw.drawImage(frame.picture, 0, 0, *size)
            self._frame_in = frame, size
        return draw.canvas

    def _small(self, name: str, width: int, height: int) -> Any:
        """The context of the named canvas, which gets this size."""
        context = self._contexts.get(name)
        if context is None or (context.canvas.width, context.canvas.height) != (width, height):
            context = self._contexts[name] = _context(OffscreenCanvas.new(width, height))
            context.fillRect(0, 0, width, height)  # black beside the frame, where the input is wider
        return context
