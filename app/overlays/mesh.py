"""The face mesh: 468 dots on the face that a detector found, which are then followed from frame to frame.

Does not draw and does not loop over the points. One face: the surest.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from app.core.annotations import Marks
from app.core.frame import Frame, Matrix, Region, matrix
from app.core.geometry import around_face, pixels, square
from app.core.model import Model
from app.core.nms import SCORE
from app.core.ports import Tensor

# MediaPipe's face_landmark_front: the box made square, grown by half, upright by the eyes; the same of the
# points once there are some. https://github.com/google-ai-edge/mediapipe/tree/v0.10.9/mediapipe/modules/face_landmark
GROWN = 1.5
PRESENT = 0.5
EYES = 33, 263  # the outer corners, of the 468 points
STEP = 3  # x, y, z

COLOUR = "#9ff7df"
RADIUS = 0.0035  # of the face's square: some 130 dots lie side by side in it, so the glow of two just meets


class Mesh:
    """Takes a landmarks card and a detector beside it."""

    title = "Face mesh"
    beside: tuple[str, ...] = ("detector",)

    def __init__(self, model: Model, beside: Mapping[str, Model]) -> None:
        self._model = model
        self._detector = beside["detector"]
        self._region: Region | None = None  # where the face of the last frame is

    async def step(self, frame: Frame, found: Mapping[str, Tensor]) -> tuple[Marks, ...]:
        """See Overlay. No face: no Marks."""
        if frame.still or frame.fresh:
            self._region = None
        if self._region is not None and (marks := await self._look(frame, self._region)):
            return marks
        region = await self._find(frame, found.get("faces"))
        return await self._look(frame, region) if region else ()

    async def _look(self, frame: Frame, region: Region) -> tuple[Marks, ...]:
        """The points in a region, and from them where the face will be looked for next."""
        self._region = None
        outputs, numbers = await self._model.see(frame, region), self._model.session.numbers
        if not numbers(outputs["presence"])[0] > PRESENT:
            return ()
        points = numbers(outputs["points"])
        to = matrix(frame.width, frame.height, self._model.card.input, region)
        self._region = around_points(points, to, region, frame)
        return (Marks(points, STEP, 0, to, COLOUR, RADIUS * region.height / frame.height),)

    async def _find(self, frame: Frame, faces: Tensor | None) -> Region | None:
        """The surest face of the frame."""
        if faces is None:
            faces = (await self._detector.see(frame))["faces"]
        row = self._detector.session.numbers(faces)[:17]
        if not row[0] > SCORE:
            return None
        return around_face(row, matrix(frame.width, frame.height, self._detector.card.input), frame, GROWN)


def around_points(points: array[float], to: Matrix, region: Region, frame: Frame) -> Region | None:
    """Where to look next: the box of the points, upright in the region they were seen in, as the face is."""
    xs, ys = points[0::STEP], points[1::STEP]
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    x, y = pixels(to, frame, (x0 + x1) / 2, (y0 + y1) / 2)
    size = max((x1 - x0) * region.width, (y1 - y0) * region.height) * GROWN
    right, left = (pixels(to, frame, xs[n], ys[n]) for n in EYES)
    return square(x, y, size, right, left)
