"""The face mesh: 468 dots on the face that a detector found, which are then followed from frame to frame.

Does not draw and does not loop over the points. One face: the surest.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from app.core.annotations import Annotations
from app.core.frame import Frame
from app.core.geometry import Affine2D, RotatedRect, face_roi, pixels, to_frame, upright_square
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
    auxiliary: tuple[str, ...] = ("detector",)

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        self._model = model
        self._detector = auxiliary["detector"]
        self._region: RotatedRect | None = None  # where the face of the last frame is

    async def step(self, frame: Frame, found: Mapping[str, Tensor]) -> tuple[Annotations, ...]:
        """See Overlay. No face: no Annotations."""
        if frame.is_photo or frame.first_of_source:
            self._region = None
        if self._region is not None and (marks := await self._look(frame, self._region)):
            return marks
        roi = await self._find(frame, found.get("faces"))
        return await self._look(frame, roi) if roi else ()

    async def _look(self, frame: Frame, roi: RotatedRect) -> tuple[Annotations, ...]:
        """The points in a region, and from them where the face will be looked for next."""
        self._region = None
        outputs, numbers = await self._model.infer(frame, roi), self._model.session.numbers
        if not numbers(outputs["presence"])[0] > PRESENT:
            return ()
        points = numbers(outputs["points"])
        to = to_frame(frame.width, frame.height, self._model.card.input, roi)
        self._region = points_roi(points, to, roi, frame)
        return (Annotations(points, STEP, 0, to, COLOUR, RADIUS * roi.height / frame.height),)

    async def _find(self, frame: Frame, faces: Tensor | None) -> RotatedRect | None:
        """The surest face of the frame."""
        if faces is None:
            faces = (await self._detector.infer(frame))["faces"]
        row = self._detector.session.numbers(faces)[:17]
        if not row[0] > SCORE:
            return None
        return face_roi(row, to_frame(frame.width, frame.height, self._detector.card.input), frame, GROWN)


def points_roi(points: array[float], to: Affine2D, roi: RotatedRect, frame: Frame) -> RotatedRect | None:
    """Where to look next: the box of the points, upright in the region they were seen in, as the face is."""
    xs, ys = points[0::STEP], points[1::STEP]
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    x, y = pixels(to, frame, (x0 + x1) / 2, (y0 + y1) / 2)
    size = max((x1 - x0) * roi.width, (y1 - y0) * roi.height) * GROWN
    right, left = (pixels(to, frame, xs[n], ys[n]) for n in EYES)
    return upright_square(x, y, size, right, left)
