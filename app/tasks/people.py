"""The people task: counts the visible faces and draws a box around each, with a caption.

Does not identify the faces and does not track them.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import pairwise

from app.core.annotations import Annotations
from app.core.events import Caption
from app.core.frame import Frame
from app.core.geometry import to_frame
from app.core.model import Model
from app.core.nms import ROW, SCORE
from app.core.ports import Tensor
from app.core.settings import Settings
from app.tasks.background import Background
from app.tasks.base import Requires, Result

COLOUR, RADIUS = "#ffd166", 0.004  # of the boxes; half a line's thickness as a fraction of the height


class People:
    """Takes a detector: counts its faces and returns its Mask for the background."""

    title = "People"
    about = "How many faces the picture shows."
    background = "none"
    requires = Requires(("detector",))
    preferred: tuple[str, ...] = ("blazeface-full", "blazeface")
    events = (Caption,)

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        self._model = model
        self._background = Background(model, {})
        self.outputs: Mapping[str, Tensor] = {}
        self._caption = ""

    async def step(self, frame: Frame, settings: Settings) -> Result:
        """See Task. It reports the caption when the caption changes."""
        shown = await self._background.step(frame, settings)
        self.outputs = self._background.outputs or await self._model.infer(frame)
        numbers = self._model.session.numbers(self.outputs["faces"])
        faces = [numbers[n : n + ROW] for n in range(0, len(numbers), ROW) if numbers[n] > SCORE]
        lines = array("f")
        for _, left, top, right, bottom, *_ in faces:
            corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
            for a, b in pairwise(corners):
                lines.extend((*a, *b))
        to = to_frame(frame.width, frame.height, self._model.card.input)
        boxes = (Annotations(lines, 4, 2, to, COLOUR, RADIUS),) if faces else ()
        text = {0: "No face is visible.", 1: "One face is visible."}.get(
            len(faces), f"{len(faces)} faces are visible."
        )
        changed = frame.first_of_source or text != self._caption
        self._caption = text
        return Result(shown.mask, (Caption(text),) if changed else (), boxes)


TASK = People
