"""The tasks by name, one file each: which cards they need and what they do with their outputs.

Does not choose a task: the Look does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from app.frame import Frame
from app.look import Look
from app.model import Model
from app.ports import Tensor
from app.tasks.background import Background


class Task(Protocol):
    """What a picture is made for."""

    title: str
    kinds: tuple[str, ...]  # of the cards that can be chosen for it
    beside: tuple[str, ...]  # kinds of which it needs one each besides
    found: Mapping[str, Tensor]  # what the last frame's graph gave; empty where none was run

    def __init__(self, model: Model, beside: Mapping[str, Model]) -> None: ...

    async def step(self, frame: Frame, look: Look) -> Tensor | None:
        """One frame; the Mask of it, or None where the frame is shown as it is."""
        ...


TASKS: dict[str, type[Task]] = {"background": Background}
