"""The pose overlay: limbs as lines, joints as dots; points with a low score are left out.

Does not draw. It shows one person, because the networks detect one.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from app.core.annotations import Annotations
from app.core.frame import Frame
from app.core.geometry import to_frame
from app.core.model import Model
from app.core.ports import Tensor

MIN_SCORE = 0.3  # from MoveNet's own example: https://www.tensorflow.org/hub/tutorials/movenet
# Of COCO's 17 points: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles, left before right.
# The points of the face have no lines: a zigzag across the face would only hide the dots.
LIMBS = (
    (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12),
    (11, 13), (13, 15), (12, 14), (14, 16),
)  # fmt: skip
ROW = 3  # score, x, y

LIMB, JOINT = (
    ("#4fe0c0", 0.0045),
    ("#f2fffb", 0.0075),
)  # colour; radius as a fraction of the height


class Pose:
    """Takes a pose card."""

    title = "Pose ({card})"
    auxiliary: tuple[str, ...] = ()

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        self._model = model

    async def step(self, frame: Frame, outputs: Mapping[str, Tensor]) -> tuple[Annotations, ...]:
        """See Overlay. Without a person there are no Annotations."""
        pose = self._model.session.numbers((await self._model.infer(frame))["pose"])
        points = {n // ROW: pose[n + 1 : n + ROW] for n in range(0, len(pose), ROW) if pose[n] > MIN_SCORE}
        lines, dots = array("f"), array("f")
        for a, b in LIMBS:
            if a in points and b in points:
                lines += points[a] + points[b]
        for point in points.values():
            dots += point
        to = to_frame(frame.width, frame.height, self._model.card.input)
        both = Annotations(lines, 4, 2, to, *LIMB), Annotations(dots, 2, 0, to, *JOINT)
        return tuple(annotations for annotations in both if len(annotations))
