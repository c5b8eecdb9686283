"""The background task: finds the person, so that the Compositor can replace the background.

Does not draw and does not depend on a particular model. Whether a frame reuses the last Mask is the
decision of app.core.economy.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.core.card import MASKED
from app.core.economy import UNKNOWN
from app.core.events import Event
from app.core.frame import Frame
from app.core.model import Model
from app.core.ports import Mask, Tensor
from app.core.settings import Settings
from app.tasks.base import Requires, Result


class Background:
    """Runs the model on frames, unless the picture has hardly changed.

    Its Mask is also the input `memory` for the next frame.
    """

    title = "Virtual background"
    about = "A virtual background for your camera."
    background = "blur"
    requires = Requires(MASKED)
    preferred: tuple[str, ...] = ("selfie-landscape",)
    events: tuple[type[Event], ...] = ()

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None:
        if model.card.kind not in self.requires.model:
            raise ValueError(f"{model.card.title} outputs no Mask. Choose a segmenter or a detector.")
        self._model = model
        self._blank = model.default_feeds["memory"]
        self._weights: dict[float, Tensor] = {}
        self._memory = self._blank
        self._first = True
        self.outputs: Mapping[str, Tensor] = {}
        self._mask: Tensor = self._blank  # of the frame that was inferred last

    async def step(self, frame: Frame, settings: Settings) -> Result:
        """See Task. With the background "none" the model does not run."""
        if settings.background == "none":
            self._memory, self._first, self.outputs = self._blank, True, {}
            return Result()
        sample, compositor = self._model.sample(frame), self._model.compositor
        economy = self._model.economy
        economy.active = settings.economy
        if settings.economy and not frame.is_photo:
            difference = compositor.difference(sample)
            new = self._first or frame.first_of_source
            if economy.reuses(UNKNOWN if new else difference):
                return Result(Mask(self._mask, sample))
        outputs = await self._model.run(sample, self.feeds(frame, settings))
        compositor.remember(sample)
        self._memory, self._first, self.outputs = outputs["mask"], False, outputs
        self._mask = outputs["mask"]
        return Result(outputs.mask)

    def feeds(self, frame: Frame, settings: Settings) -> dict[str, Tensor]:
        """The inputs memory and keep. A photo and a source's first frame are not smoothed: keep is 0."""
        keep = 0.0 if self._first or frame.is_photo or frame.first_of_source else settings.memory_weight
        return {"memory": self._memory, "keep": self._number(keep)}

    def _number(self, value: float) -> Tensor:
        if value not in self._weights:
            if len(self._weights) > 100:  # one for each step of the smoothing control
                self._weights.clear()
            self._weights[value] = self._model.session.tensor([value], (1,))
        return self._weights[value]


TASK = Background
