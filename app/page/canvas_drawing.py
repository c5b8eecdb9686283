"""CanvasDrawing: what a background draws with on 2D canvases, and how dots and lines are drawn on one.

Does not know the backgrounds, and never reads a pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from js import DOMMatrix, Path2D
from pyodide.ffi import to_js

from app.core.annotations import RINGS, Annotations
from app.core.geometry import Affine2D

Rectangle = tuple[float, float, float, float]  # left, top, width, height


class CanvasDrawing:
    """Draws behind the person of one frame; see Drawing in app.backgrounds.base.

    `main` is the context of the visible canvas; `small(name, width, height)` returns the context of a named
    canvas. `crop` is the part of `js_matte` that `js_frame` covers. `backdrop` draws the chosen image.
    """

    def __init__(
        self,
        main: Any,
        small: Callable[[str, int, int], Any],
        js_frame: Any,
        js_matte: Any,
        crop: Rectangle,
        backdrop: Callable[[], None],
    ) -> None:
        self.size = main.canvas.width, main.canvas.height
        self._main = main
        self._small = small
        self._js_frame = js_frame
        self._js_matte = js_matte
        self._crop = crop
        self.backdrop = backdrop

    def fill(self, colour: str) -> None:
        """See Drawing."""
        fill(self._main, colour)

    def blurred(self, sigma: float) -> Any:
        """See Drawing. The person is removed first, so that their colours do not bleed into the
        background.
        """
        width, height = (max(1, side // 4) for side in self.size)
        room = self._small("masked background", width, height)
        room.globalCompositeOperation = "copy"
        room.drawImage(self._js_frame, 0, 0, width, height)
        room.globalCompositeOperation = "destination-out"
        room.drawImage(self._js_matte, *self._crop, 0, 0, width, height)
        if hasattr(room, "filter"):
            soft = self._small("blurred", width, height)
            soft.filter = f"blur({sigma:.2f}px)"
        else:  # Safari has no filter; shrinking and enlarging blurs too
            narrow, low = (max(2, int(side / (1 + sigma))) for side in (width, height))
            soft = self._small("blurred", narrow, low)
        soft.globalCompositeOperation = "copy"
        soft.drawImage(room.canvas, 0, 0, soft.canvas.width, soft.canvas.height)
        soft.filter = "none"
        _make_opaque(soft, 3)
        return soft.canvas

    def scaled(self, canvas: Any, width: int, height: int) -> Any:
        """See Drawing."""
        draw = self._small("scaled", width, height)
        draw.globalCompositeOperation = "copy"
        draw.drawImage(canvas, 0, 0, width, height)
        _make_opaque(draw, 6)
        return draw.canvas

    def stretch(self, canvas: Any, smooth: bool = True) -> None:
        """See Drawing."""
        if not smooth:
            self._main.imageSmoothingEnabled = False
        self._main.drawImage(canvas, 0, 0, *self.size)
        if not smooth:
            self._main.imageSmoothingEnabled = True


def dom_matrix(m: Affine2D) -> Any:
    """The transform as a DOMMatrix."""
    return DOMMatrix.new(to_js([m.xx, m.yx, m.xy, m.yy, m.x, m.y]))


def stroke(draw: Any, annotations: Annotations, mirror: bool) -> None:
    """Draw dots or lines over the picture: one path, stroked once for each of RINGS."""
    width, height = draw.canvas.width, draw.canvas.height
    sides = Affine2D(-width, 0, width, 0, height, 0) if mirror else Affine2D(width, 0, 0, 0, height, 0)
    path = Path2D.new()
    # The path is transformed to pixels before it is stroked, so that the transform does not change line
    # widths.
    path.addPath(Path2D.new(annotations.path()), dom_matrix(sides).multiply(dom_matrix(annotations.to_frame)))
    draw.strokeStyle, draw.lineCap = annotations.colour, "round"
    for times, cover in RINGS:
        draw.globalAlpha = cover
        draw.lineWidth = 2 * times * annotations.radius_pixels(height)
        draw.stroke(path)


def fill(draw: Any, colour: str) -> None:
    """Fill the whole canvas of a context with a colour, "#rrggbb"."""
    draw.fillStyle = colour
    draw.fillRect(0, 0, draw.canvas.width, draw.canvas.height)


def _make_opaque(draw: Any, times: int) -> None:
    """Make a canvas that is translucent where the person was opaque: draw it under itself `times` times."""
    draw.globalCompositeOperation = "destination-over"
    for _ in range(times):
        draw.drawImage(draw.canvas, 0, 0)
