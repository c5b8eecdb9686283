"""Task: the Protocol of a task, the models that it requires, and its result for a frame.

Does not list the tasks: app.tasks does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from app.core.annotations import Annotations, ColorOverlay
from app.core.characters import LoadedGallery
from app.core.events import Event
from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.core.model import Model
from app.core.ports import Mask, Tensor
from app.core.settings import Settings


@dataclass(frozen=True)
class Requires:
    """The models and galleries that a task needs. The task receives them loaded."""

    model: tuple[str, ...]  # kinds of card that the visitor can choose as the task's model
    auxiliary: tuple[str, ...] = ()  # kinds of the other cards that it needs, one card per kind
    cutout: bool = False  # the model's cutout graph
    galleries: bool = False  # galleries with an index for the auxiliary classifier


@dataclass(frozen=True)
class Result:
    """The result for a frame."""

    mask: Mask | None = None  # where the person is; None: show the frame unchanged
    events: tuple[Event, ...] = ()  # reported to the page
    annotations: tuple[Annotations | ColorOverlay, ...] = ()  # drawn over the picture


class Task(Protocol):
    """One file or package in app/tasks, which names it as TASK; the file's name is the task's id."""

    title: str
    about: str  # one line about it, for the head of the page
    background: str  # the default background; a change of the task does not change the background
    requires: Requires
    preferred: tuple[str, ...]  # card ids: the first of each kind is the default
    events: tuple[type[Event], ...]  # the types of event that it may report
    outputs: Mapping[str, Tensor]  # the outputs of the last frame's graphs; empty where no graph ran

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None: ...

    async def step(self, frame: Frame, settings: Settings) -> Result:
        """Process one frame."""
        ...


class ComparingTask(Task, Protocol):
    """A task that compares faces with galleries: requires.galleries is true."""

    galleries: tuple[LoadedGallery, ...]  # the owner of the task sets it when the galleries change

    async def embed(self, frame: Frame) -> tuple[Tensor, RotatedRect]:
        """The feature vector of a picture that the visitor adds, and the square that it describes.

        The task does not remember the picture and reports no event about it.
        """
        ...
