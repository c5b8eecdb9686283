"""The overlays by the kind of card that feeds them, one file each: what is drawn over the picture.

Does not choose one: the Look does. Does not draw: Compositors do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from app.frame import Frame
from app.marks import Marks
from app.model import Model
from app.overlays.mesh import Mesh
from app.overlays.pose import Pose
from app.ports import Tensor


class Overlay(Protocol):
    """Marks over the picture, whatever the task."""

    title: str  # the option's, {card} is the card's own
    beside: tuple[str, ...]  # kinds of which it needs a card each besides its own

    def __init__(self, model: Model, beside: Mapping[str, Model]) -> None: ...

    async def step(self, frame: Frame, faces: Tensor | None) -> tuple[Marks, ...]:
        """The Marks of a frame. `faces`: what the task's own model found in it, if that is a detector."""
        ...


OVERLAYS: dict[str, type[Overlay]] = {"landmarks": Mesh, "pose": Pose}
