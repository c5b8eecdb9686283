"""The background task: keep the person, replace what is behind.

Does not draw and does not know which model made the Mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.card import MASKED
from app.core.frame import Frame
from app.core.model import Model
from app.core.ports import Tensor
from app.core.settings import Settings


class Background:
    """Shows the model each frame and takes the Mask, which is also the next frame's Memory."""

    title = "Virtual background"
    about = "A virtual background for your camera."
    background = "blur"
    model_kinds: tuple[str, ...] = MASKED
    auxiliary: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ("selfie-landscape",)
    requires: tuple[str, ...] = ()
    said: Mapping[str, Any] | None = None

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        if model.card.kind not in self.model_kinds:
            raise ValueError(f"{model.card.title} gives no Mask: the task takes a segmenter or a detector.")
        self._model = model
        self._blank = model.default_feeds["memory"]
        self._keeps: dict[float, Tensor] = {}
        self._memory = self._blank
        self._fresh = True
        self.found: Mapping[str, Tensor] = {}

    async def step(self, frame: Frame, settings: Settings) -> Tensor | None:
        """See Task. "None (as it is)" infers nothing."""
        if settings.background == "none":
            self._memory, self._fresh, self.found = self._blank, True, {}
            return None
        self.found = await self._model.infer(frame, feeds=self.feeds(frame, settings))
        self._memory, self._fresh = self.found["mask"], False
        return self._memory

    async def embed(self, frame: Frame) -> None:
        """See Task."""

    def feeds(self, frame: Frame, settings: Settings) -> dict[str, Tensor]:
        """memory and keep. A source's first frame and a photo are not smoothed with others: keep is 0."""
        keep = 0.0 if self._fresh or frame.is_photo or frame.first_of_source else settings.memory_weight
        return {"memory": self._memory, "keep": self._number(keep)}

    def _number(self, value: float) -> Tensor:
        if value not in self._keeps:
            if len(self._keeps) > 100:  # one for each step of the smoothing control
                self._keeps.clear()
            self._keeps[value] = self._model.session.tensor([value], (1,))
        return self._keeps[value]
