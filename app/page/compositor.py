"""The Compositor of the page with shaders: draws with WebGL2 on the visible canvas, one Pass after another.

Does not read a pixel in Python: frames, masks and textures stay in the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyodide.ffi import jsnull

from app.backgrounds import BACKGROUNDS, backdrop, cover_color
from app.backgrounds.base import Sigma, blur_size
from app.core.annotations import Annotations, ColorOverlay
from app.core.card import Input, ModelCard
from app.core.economy import UNKNOWN
from app.core.frame import Frame
from app.core.geometry import RotatedRect, letterbox, to_frame
from app.core.parameter import Parameter
from app.core.ports import Mask, Sample
from app.core.settings import Settings, rgb
from app.page.gl import Pass, Texture
from app.page.inputs import InputBuffers, sampled
from app.page.marker import Marker

# The uniform `turn`: a texture keeps the order of the frame's rows; a canvas has its first row at the bottom.
SOURCE, SCREEN, MIRRORED = (1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)


class ContextLostError(RuntimeError):
    """The browser has lost the canvas's WebGL2 context."""


class Compositor:
    """Draws on `js_canvas` for one card. `wrap(type, js_array, shape)` makes the runtime's Tensor.

    Raises RuntimeError where the browser has no WebGL2.
    """

    def __init__(self, js_canvas: Any, options: Any, card: ModelCard, wrap: Any) -> None:
        gl = js_canvas.getContext("webgl2", options)
        if gl is None or gl is jsnull:
            raise RuntimeError("this browser has no WebGL2, which is needed to draw the picture")
        self._canvas = js_canvas
        self.gl = gl
        if gl.getExtension("EXT_color_buffer_float") in (None, jsnull) and gl.getExtension(
            "EXT_color_buffer_half_float"
        ) in (None, jsnull):
            raise RuntimeError("WebGL2 in this browser cannot draw half floats, which the edge filter needs")
        self._passes: dict[str, Pass] = {}
        self._textures: dict[str, Texture] = {}
        self._marker: Marker | None = None
        self._input = card.input
        self._mask_size = (card.mask[1], card.mask[0])
        self._half = (card.input.width // 2, card.input.height // 2)
        self._texture("mask", *self._mask_size, "r16f")
        for name in ("moments", "slope", "edge"):
            self._texture(name, *self._half, "rgba16f", drawn=True, smooth=name != "moments")
        self._texture("backdrop", 1, 1, "rgba8")
        self.inputs = InputBuffers(wrap)
        self._frame_in: Frame | None = None
        self.image = ""  # the id of the current backdrop
        gl.pixelStorei(gl.PACK_ALIGNMENT, 1)
        gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)

    @property
    def textures(self) -> int:
        """The number of textures in use, for the leak test."""
        return len(self._textures)

    def sample(
        self, frame: Frame, into: Input, roi: RotatedRect | None = None, rgba: str = "uint8"
    ) -> Sample:
        """See Compositor in app.core.ports."""
        gl = self.gl
        self._alive()
        self._upload(frame)
        place = letterbox(frame.width, frame.height, into) if roi is None else None
        to = place.to_frame() if place else to_frame(frame.width, frame.height, into, roi)
        buffer, size = self.inputs.at(into, rgba, roi is not None), (into.width, into.height)
        self._texture(buffer.name, *size, "rgba8", drawn=True)
        pixel = (0.25 / into.width, 0.25 / into.height)
        self._draw("sample", buffer.name, size, across=to[:3], down=to[3:], pixel=pixel)
        gl.readPixels(0, 0, *size, gl.RGBA, gl.UNSIGNED_BYTE, buffer.js_bytes)
        return buffer.sample(frame, place)

    def difference(self, sample: Sample) -> float:
        """See Compositor in app.core.ports. Reading back from the GPU would cost more than it saves."""
        return UNKNOWN

    def remember(self, sample: Sample) -> None:
        """See Compositor in app.core.ports."""

    async def compose(self, frame: Frame, mask: Mask | None, settings: Settings) -> None:
        """See Compositor in app.core.ports."""
        self._alive()
        self._upload(frame)
        size = self._fit(frame, settings)
        final = self._pass(f"background/{settings.background if mask is not None else 'none'}")
        background = BACKGROUNDS[settings.background]
        numbers: dict[str, tuple[float, ...]] = {"edge_half_width": (settings.edge_half_width,)}
        if mask is not None:
            numbers["letterbox"] = mask.letterbox(self._input)
            if "edge" in final.samplers:
                self._refine(mask)
        if "blurred" in final.samplers and background.sigma:
            self._blur(size, settings, background.sigma, numbers)
        if "backdrop" in final.samplers:
            numbers["crop"] = self._crop(size)
        numbers |= {parameter.name: _uniform(parameter, settings) for parameter in background.parameters}
        final.draw(None, size, self._textures, {**numbers, "turn": MIRRORED if settings.mirror else SCREEN})
        self._frame_in = None

    def annotate(self, annotations: Sequence[Annotations | ColorOverlay], mirror: bool) -> None:
        """See Compositor in app.core.ports."""
        gl, size, turn = self.gl, (self._canvas.width, self._canvas.height), MIRRORED if mirror else SCREEN
        gl.enable(gl.BLEND)
        gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
        try:
            for each in annotations:
                if isinstance(each, ColorOverlay):
                    _, height, width, _ = each.pixels.dims
                    self._texture("tint", width, height, "rgba8").put_array(each.pixels.data)
                    self._draw("tint", None, size, letterbox=tuple(each.letterbox), turn=turn)
                else:
                    self._marker = self._marker or Marker(gl)
                    self._marker.draw(each, size, turn)
        finally:  # after an error too, so that the next picture is not blended
            gl.disable(gl.BLEND)

    def cover(self, settings: Settings) -> None:
        """See Compositor in app.core.ports."""
        if self.gl.isContextLost():
            return  # the canvas shows nothing, so it does not show the room
        size = self._canvas.width, self._canvas.height
        picture = bool(backdrop(settings))
        numbers = {"rgb": rgb(cover_color(settings)), "picture": (float(picture),)}
        self._draw("cover", None, size, **numbers, crop=self._crop(size), turn=SCREEN)
        self._frame_in = None

    def backdrop(self, js_picture: Any, image: str) -> None:
        """Set the picture to show behind the person; `image` is its id. Its mipmap levels light the edge."""
        texture = self._texture("backdrop", js_picture.width, js_picture.height, "rgba8")
        texture.put(js_picture)
        texture.shrink()
        self.image = image

    async def close(self) -> None:
        """Free all textures and programs."""
        for texture in self._textures.values():
            texture.close()
        for shader_pass in self._passes.values():
            shader_pass.close()
        if self._marker is not None:
            self._marker.close()
        self._textures.clear()
        self._passes.clear()

    def _alive(self) -> None:
        if self.gl.isContextLost():
            raise ContextLostError("the browser lost the canvas's WebGL context")

    def _upload(self, frame: Frame) -> None:
        """Copy the frame to its texture, once per frame."""
        if self._frame_in is frame:
            return
        self._texture("frame", frame.width, frame.height, "rgba8").put(frame.picture)
        self._frame_in = frame

    def _fit(self, frame: Frame, settings: Settings) -> tuple[int, int]:
        """Set the canvas to the size at which the frame is shown; returns it."""
        size = settings.shown_size(frame)
        if (self._canvas.width, self._canvas.height) != size:
            self._canvas.width, self._canvas.height = size
        return size

    def _refine(self, mask: Mask) -> None:
        """Refine the Mask to the edges of the picture in its Sample; the result is the texture "edge"."""
        textures = self._textures
        textures["mask"].put_array(mask.tensor.data)
        inputs = {"sampled": textures[sampled(mask).name], "mask": textures["mask"]}
        self._pass("moments").draw(textures["moments"], self._half, inputs, {"turn": SOURCE})
        self._draw("slope", "slope", self._half)
        self._draw("smoothed", "edge", self._half)

    def _blur(
        self, size: tuple[int, int], settings: Settings, sigma: Sigma, numbers: dict[str, tuple[float, ...]]
    ) -> None:
        """Blur the frame without the person, at a fraction of its size; the result is the texture
        "blurred".
        """
        small = blur_size(sigma, settings, *size)
        for name in ("blurred", "across"):
            self._texture(name, *small, "rgba16f", drawn=True)
        pixel = (0.25 / small[0], 0.25 / small[1])
        self._draw("masked_background", "blurred", small, **numbers, pixel=pixel)
        gaussian, blurred, across = (
            self._pass("gaussian"),
            self._textures["blurred"],
            self._textures["across"],
        )
        width = {"turn": SOURCE, "sigma": (sigma(settings, small[1]),)}
        gaussian.draw(across, small, {"picture": blurred}, {**width, "along": (1 / small[0], 0.0)})
        gaussian.draw(blurred, small, {"picture": across}, {**width, "along": (0.0, 1 / small[1])})

    def _crop(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """The part of the backdrop that fills the canvas: left, top, width, height."""
        picture = self._textures["backdrop"]
        scale = max(size[0] / picture.width, size[1] / picture.height)
        w, h = size[0] / scale / picture.width, size[1] / scale / picture.height
        return (1 - w) / 2, (1 - h) / 2, w, h

    def _draw(
        self, name: str, target: str | None, size: tuple[int, int], **numbers: tuple[float, ...]
    ) -> None:
        into = self._textures[target] if target else None
        self._pass(name).draw(into, size, self._textures, {"turn": SOURCE, **numbers})

    def _pass(self, name: str) -> Pass:
        if name not in self._passes:
            self._passes[name] = Pass(self.gl, name)
        return self._passes[name]

    def _texture(self, name: str, width: int, height: int, form: str, **how: bool) -> Texture:
        """The texture with this name and size; one of another size is freed first."""
        old = self._textures.get(name)
        if old is not None:
            if (old.width, old.height) == (width, height):
                return old
            old.close()
        self._textures[name] = Texture(self.gl, width, height, form, **how)
        return self._textures[name]


def _uniform(parameter: Parameter[Any], settings: Settings) -> tuple[float, ...]:
    """A parameter's value as a uniform: a colour has three numbers, an image none."""
    value = settings.get(parameter)
    if parameter.kind == "colour":
        return rgb(value)
    return (float(value),) if parameter.kind == "range" else ()
