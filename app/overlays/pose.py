"""The pose: limbs as lines, joints as dots; what the network is not sure of is left out.

Does not draw. One person: the networks of this house give one.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from app.core.annotations import Annotations
from app.core.frame import Frame
from app.core.geometry import to_frame
from app.core.model import Model
from app.core.ports import Tensor

SURE = 0.3  # MoveNet's own example leaves out what is below: https://www.tensorflow.org/hub/tutorials/movenet
# Of COCO's 17 points: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles, left before right.
# None between those of the face: dots alone say more there than a zigzag across it.
LIMBS = (
    (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12),
    (11, 13), (13, 15), (12, 14), (14, 16),
)  # fmt: skip
ROW = 3  # score, x, y

LIMB, JOINT = ("#4fe0c0", 0.0045), ("#f2fffb", 0.0075)  # colour, and radius of the picture's height


class Pose:
    """Takes a pose card."""

    title = "Pose ({card})"
    auxiliary: tuple[str, ...] = ()

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        self._model = model

    async def step(self, frame: Frame, found: Mapping[str, Tensor]) -> tuple[Annotations, ...]:
        """See Overlay. Nobody seen: no Annotations."""
        outputs = await self._model.infer(frame)
        pose = self._model.session.numbers(outputs["pose"])
        points = {n // ROW: pose[n + 1 : n + ROW] for n in range(0, len(pose), ROW) if pose[n] > SURE}
        lines, dots = array("f"), array("f")
        for a, b in LIMBS:
            if a in points and b in points:
                lines += points[a] + points[b]
        for point in points.values():
            dots += point
        to = to_frame(frame.width, frame.height, self._model.card.input)
        both = Annotations(lines, 4, 2, to, *LIMB), Annotations(dots, 2, 0, to, *JOINT)
        return tuple(marks for marks in both if len(marks))
