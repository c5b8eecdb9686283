"""thumbnail(): a square of a frame as a small JPEG.

Does not choose the square.
"""

from __future__ import annotations

from typing import Any

from js import Object, OffscreenCanvas
from pyodide.ffi import to_js

from app.core.card import Input
from app.core.frame import Frame
from app.core.geometry import Affine2D, RotatedRect, to_frame
from app.page.canvas_drawing import dom_matrix
from app.tasks.lookalike.user_gallery import SIDE

SQUARE = Input(SIDE, SIDE, "stretch")


async def thumbnail(frame: Frame, roi: RotatedRect) -> Any:
    """A Blob with a JPEG of SIDE x SIDE pixels that shows the ROI."""
    draw = OffscreenCanvas.new(SIDE, SIDE).getContext("2d")
    inverse = dom_matrix(to_frame(frame.width, frame.height, SQUARE, roi)).inverse()
    draw.fillRect(0, 0, SIDE, SIDE)
    draw.setTransform(dom_matrix(Affine2D(SIDE, 0, 0, 0, SIDE, 0)).multiply(inverse))
    draw.drawImage(frame.picture, 0, 0, 1, 1)
    how = Object.fromEntries(to_js([["type", "image/jpeg"], ["quality", 0.85]]))
    return await draw.canvas.convertToBlob(how)
