"""The overlays by the kind of card that feeds them, one file each: what is drawn over the picture.

Does not choose one: the Settings does. Does not draw: Compositors do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from app.core.annotations import Annotations, ColorOverlay
from app.core.card import ModelCard
from app.core.frame import Frame
from app.core.model import Model
from app.core.ports import Tensor
from app.overlays.mesh import Mesh
from app.overlays.parts import Parts
from app.overlays.pose import Pose


class Overlay(Protocol):
    """Something over the picture, whatever the task."""

    title: str  # the option's, {card} is the card's own
    auxiliary: tuple[str, ...]  # kinds of which it needs a card each besides its own

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None: ...

    async def step(self, frame: Frame, found: Mapping[str, Tensor]) -> tuple[Annotations | ColorOverlay, ...]:
        """What is drawn over a frame. `found`: the outputs of the task's own model, where it has run."""
        ...


PARTS = (
    "parts"  # also the Settings' word for it: not a card of its own, but what the chosen model finds besides
)
OVERLAYS: dict[str, type[Overlay]] = {"landmarks": Mesh, "pose": Pose, PARTS: Parts}


def overlay(id: str, card: ModelCard) -> type[Overlay]:
    """What draws a card's findings where the Settings says `id`."""
    return OVERLAYS[PARTS if id == PARTS else card.kind]
