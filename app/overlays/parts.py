"""The body parts: each in its colour over the person.

Does not draw and does not tell the parts apart: the model and its tint graph do.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.core.annotations import ColorOverlay
from app.core.frame import Frame
from app.core.geometry import letterbox
from app.core.meter import OVERLAY
from app.core.model import Model
from app.core.ports import Tensor


class Parts:
    """Takes a segmenter card whose graph gives parts; the task's own outputs where it is the task's model."""

    title = "Body parts"
    auxiliary: tuple[str, ...] = ()

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        """Raises ValueError where the model came without its tint graph."""
        if model.tint is None:
            raise ValueError(f"{model.card.title} does not tell body parts apart")
        self._model, self._tint = model, model.tint

    async def step(self, frame: Frame, found: Mapping[str, Tensor]) -> tuple[ColorOverlay, ...]:
        """See Overlay."""
        outputs = found if "parts" in found else await self._model.infer(frame)
        with self._model.meter.stage(OVERLAY):
            drawn = await self._tint.run({"parts": outputs["parts"], "mask": outputs["mask"]})
        return (ColorOverlay(drawn["tint"], letterbox(frame.width, frame.height, self._model.card.input)),)
