"""The face mesh: 468 dots on a detected face, which is then tracked from frame to frame.

Does not draw and does not loop over the points. It shows one face: the one with the highest score.
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

# As in MediaPipe's face_landmark_front: the ROI is the detector's box, later the box of the points, made
# square, scaled by 1.5 and rotated until the eyes are level.
# https://github.com/google-ai-edge/mediapipe/tree/v0.10.9/mediapipe/modules/face_landmark
EXPANSION = 1.5
PRESENCE = 0.5  # below this the network sees no face
EYES = 33, 263  # the indexes of the outer corners among the 468 points
STEP = 3  # x, y, z

COLOUR = "#9ff7df"
RADIUS = 0.0035  # of the ROI's height: about 130 dots fit side by side, so their glows just meet


class Mesh:
    """Takes a landmarks card and a detector as auxiliary model."""

    title = "Face mesh"
    auxiliary: tuple[str, ...] = ("detector",)

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        self._model = model
        self._detector = auxiliary["detector"]
        self._roi: RotatedRect | None = None  # where the last frame's face is

    async def step(self, frame: Frame, outputs: Mapping[str, Tensor]) -> tuple[Annotations, ...]:
        """See Overlay. Without a face there are no Annotations."""
        if frame.is_photo or frame.first_of_source:
            self._roi = None
        if self._roi is not None and (annotations := await self._points(frame, self._roi)):
            return annotations
        roi = await self._detect(frame, outputs.get("faces"))
        return await self._points(frame, roi) if roi else ()

    async def _points(self, frame: Frame, roi: RotatedRect) -> tuple[Annotations, ...]:
        """The points of the face in `roi`. Sets the ROI for the next frame."""
        self._roi = None
        outputs, numbers = await self._model.infer(frame, roi), self._model.session.numbers
        if not numbers(outputs["presence"])[0] > PRESENCE:
            return ()
        points = numbers(outputs["points"])
        to = to_frame(frame.width, frame.height, self._model.card.input, roi)
        self._roi = points_roi(points, to, roi, frame)
        return (Annotations(points, STEP, 0, to, COLOUR, RADIUS * roi.height / frame.height),)

    async def _detect(self, frame: Frame, faces: Tensor | None) -> RotatedRect | None:
        """The ROI of the face with the highest score; None without a face."""
        if faces is None:
            faces = (await self._detector.infer(frame))["faces"]
        row = self._detector.session.numbers(faces)[:17]
        if not row[0] > SCORE:
            return None
        return face_roi(row, to_frame(frame.width, frame.height, self._detector.card.input), frame, EXPANSION)


def points_roi(points: array[float], to: Affine2D, roi: RotatedRect, frame: Frame) -> RotatedRect | None:
    """The ROI for the next frame: the square around the points, rotated until the eyes are level."""
    xs, ys = points[0::STEP], points[1::STEP]
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    x, y = pixels(to, frame, (x0 + x1) / 2, (y0 + y1) / 2)
    size = max((x1 - x0) * roi.width, (y1 - y0) * roi.height) * EXPANSION
    right, left = (pixels(to, frame, xs[n], ys[n]) for n in EYES)
    return upright_square(x, y, size, right, left)
