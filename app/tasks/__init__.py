"""The tasks by name, one file each: which cards they need and what they do with their outputs.

Does not choose a task: the Look does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from app.core.frame import Frame, Region
from app.core.model import Model
from app.core.ports import Tensor
from app.core.settings import Look
from app.tasks.background import Background
from app.tasks.lookalike.task import Lookalike


class Task(Protocol):
    """What a picture is made for."""

    title: str
    about: str  # a line about it, for the head of the page
    background: str  # the Look's own unless the visitor chooses; who switches tasks keeps theirs
    kinds: tuple[str, ...]  # of the cards that can be chosen for it
    beside: tuple[str, ...]  # kinds of which it needs one each besides
    prefers: tuple[str, ...]  # card ids: the first of a kind is taken unless the visitor chooses another
    wants: tuple[str, ...]  # of the build, besides cards: "cutout" of the model, "gallery" of the classifier
    found: Mapping[str, Tensor]  # what the last frame's graph gave; empty where none was run

    def __init__(self, model: Model, beside: Mapping[str, Model]) -> None: ...

    @property
    def said(self) -> Mapping[str, Any] | None:
        """What there is to tell the page since it was last asked; reading clears it."""
        ...

    async def step(self, frame: Frame, look: Look) -> Tensor | None:
        """One frame; the Mask of it, or None where the frame is shown as it is."""
        ...

    async def portrait(self, frame: Frame) -> tuple[Tensor, Region] | None:
        """What is compared of a picture that a visitor adds: its features, and the square they were seen in.

        Nothing of it is remembered or said. None: the task compares nothing.
        """
        ...


TASKS: dict[str, type[Task]] = {"background": Background, "lookalike": Lookalike}
