"""The overlays, one file each: annotations over the picture, made from a model's outputs.

Does not choose an overlay: the Settings do. Does not draw: the Compositors do.
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
    """An overlay over the picture of any task."""

    title: str  # in the panel; {card} stands for the card's title
    auxiliary: tuple[str, ...]  # the kinds of other cards that it needs, one card per kind

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None: ...

    async def step(
        self, frame: Frame, outputs: Mapping[str, Tensor]
    ) -> tuple[Annotations | ColorOverlay, ...]:
        """The annotations for a frame. `outputs`: the task's Task.outputs for this frame; may be empty."""
        ...


# The overlay of the chosen model's own body parts; the value of the setting too. It has no card of its own.
PARTS = "parts"
# By the kind of card that an overlay draws.
OVERLAYS: dict[str, type[Overlay]] = {"landmarks": Mesh, "pose": Pose, PARTS: Parts}


def overlay(id: str, card: ModelCard) -> type[Overlay]:
    """The overlay that draws a card's outputs when the setting is `id`."""
    return OVERLAYS[PARTS if id == PARTS else card.kind]
