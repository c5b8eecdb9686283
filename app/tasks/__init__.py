"""The tasks by name, one file each: which cards they need and what they do with their outputs.

Does not choose a task: the Settings does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.core.model import Model
from app.core.ports import Tensor
from app.core.settings import Settings
from app.tasks.background import Background
from app.tasks.lookalike.task import Lookalike


class Task(Protocol):
    """What a picture is made for."""

    title: str
    about: str  # a line about it, for the head of the page
    background: str  # the Settings' own unless the visitor chooses; who switches tasks keeps theirs
    model_kinds: tuple[str, ...]  # of the cards that can be chosen for it
    auxiliary: tuple[str, ...]  # kinds of which it needs one each besides
    preferred: tuple[str, ...]  # card ids: the first of a kind is taken unless the visitor chooses another
    requires: tuple[
        str, ...
    ]  # of the build, besides cards: "cutout" of the model, "gallery" of the classifier
    found: Mapping[str, Tensor]  # what the last frame's graph gave; empty where none was run

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None: ...

    @property
    def said(self) -> Mapping[str, Any] | None:
        """What there is to tell the page since it was last asked; reading clears it."""
        ...

    async def step(self, frame: Frame, settings: Settings) -> Tensor | None:
        """One frame; the Mask of it, or None where the frame is shown as it is."""
        ...

    async def embed(self, frame: Frame) -> tuple[Tensor, RotatedRect] | None:
        """What is compared of a picture that a visitor adds: its features, and the square they were seen in.

        Nothing of it is remembered or said. None: the task compares nothing.
        """
        ...


TASKS: dict[str, type[Task]] = {"background": Background, "lookalike": Lookalike}
