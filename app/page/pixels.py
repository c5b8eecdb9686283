"""Pixels: samples and composes a camera's frames with static/pixels.js, from the YUV planes of the picture.

Does not read a pixel in Python. A frame that static/pixels.js does not hold is drawn on canvases: an
ImageBitmap, a picture on a GPU, a width that is not a multiple of 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyodide.ffi import jsnull

from app.backgrounds import BACKGROUNDS
from app.core.card import Input
from app.core.economy import UNKNOWN
from app.core.frame import Frame
from app.core.geometry import Letterbox
from app.core.ports import Sample, Tensor
from app.core.settings import Settings, rgb
from app.page.canvas_drawing import Rectangle
from app.page.inputs import InputBuffer


class Pixels:
    """`js_pixels` is the Pixels of static/pixels.js; None where WebAssembly SIMD is missing."""

    def __init__(self, js_pixels: Any) -> None:
        self._js: Any = None if js_pixels is jsnull else js_pixels

    def holds(self, frame: Frame) -> bool:
        """Whether the frame's planes were copied."""
        return self._js is not None and bool(self._js.holds(frame.picture))

    def shows(self, frame: Frame, size: tuple[int, int]) -> bool:
        """Whether the frame can be composed at this size."""
        return size[0] % 8 == 0 and size[1] % 2 == 0 and self.holds(frame)

    def sample(self, into: Input, place: Letterbox, js_bytes: Any) -> None:
        """Scale the frame to a network's input, as RGBA."""
        self._js.sample(into.width, into.height, *place, js_bytes)

    def difference(self, sample: Sample) -> float:
        """See Compositor in app.core.ports."""
        if not self.holds(sample.frame):
            return UNKNOWN
        buffer: InputBuffer = sample.pixels
        into = sample.input
        value: float = self._js.difference(buffer.name, buffer.js_bytes, into.width, into.height)
        return value

    def remember(self, sample: Sample) -> None:
        """See Compositor in app.core.ports."""
        if self.holds(sample.frame):
            self._js.keep(sample.pixels.name)

    def compose(
        self,
        js_main: Any,
        size: tuple[int, int],
        matte: tuple[Tensor, Input, Rectangle] | None,
        settings: Settings,
        backdrop: Callable[[], tuple[Any, int] | str],
    ) -> None:
        """Draw the picture on the canvas of `js_main`.

        `matte`: pixels [1,h,w,4], their size and the part that the frame covers; None: the frame as it is.
        `backdrop` gives the chosen image at this size as a 2D context, and its number; a colour before it is
        loaded.
        """
        if matte is not None:
            pixels, into, crop = matte
            self._js.matte(pixels.data, into.width, into.height, *crop)
            BACKGROUNDS[settings.background].draw(PixelDrawing(self._js, size, backdrop), settings)
        js_image = self._js.compose(*size, matte is None, settings.mirror)
        js_main.putImageData(js_image, 0, 0)


class PixelDrawing:
    """What a background draws with; see Drawing in app.backgrounds.base. A canvas is a picture of Pixels."""

    def __init__(
        self, js_pixels: Any, size: tuple[int, int], backdrop: Callable[[], tuple[Any, int] | str]
    ) -> None:
        self.size = size
        self._js = js_pixels
        self._backdrop = backdrop

    def fill(self, colour: str) -> None:
        """See Drawing."""
        self._js.fill(*(round(255 * share) for share in rgb(colour)))

    def backdrop(self) -> None:
        """See Drawing."""
        found = self._backdrop()
        if isinstance(found, str):
            self.fill(found)
        else:
            self._js.backdrop(*found)

    def blurred(self, sigma: float) -> Any:
        """See Drawing."""
        width, height = (max(1, side // 4) for side in self.size)
        return self._js.blurred(width, height, sigma)

    def scaled(self, canvas: Any, width: int, height: int) -> Any:
        """See Drawing."""
        return self._js.scaled(canvas, width, height)

    def stretch(self, canvas: Any, smooth: bool = True) -> None:
        """See Drawing."""
        self._js.stretch(canvas, smooth)
