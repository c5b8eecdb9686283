"""The body parts overlay: each part of the person in its own colour.

Does not draw and does not find the parts: the model and its tint graph do.
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
    """Takes a segmenter card whose graph outputs parts. Reuses the task's outputs if they contain parts."""

    title = "Body parts"
    auxiliary: tuple[str, ...] = ()

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        """Raises ValueError when the model's tint graph is not loaded."""
        if model.tint is None:
            raise ValueError(f"{model.card.title} cannot show body parts. Choose another model.")
        self._model, self._tint = model, model.tint

    async def step(self, frame: Frame, outputs: Mapping[str, Tensor]) -> tuple[ColorOverlay, ...]:
        """See Overlay."""
        if "parts" not in outputs:
            outputs = await self._model.infer(frame)
        with self._model.meter.stage(OVERLAY):
            tint = (await self._tint.run({"parts": outputs["parts"], "mask": outputs["mask"]}))["tint"]
        return (ColorOverlay(tint, letterbox(frame.width, frame.height, self._model.card.input)),)
