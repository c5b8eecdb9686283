"""Task: what a picture is made for. Its Protocol, what it requires, and what a frame gives.

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
    """What a task needs of a build; it is given all of this, loaded."""

    model: tuple[str, ...]  # kinds of card, one of which the visitor can choose as the task's model
    auxiliary: tuple[str, ...] = ()  # kinds of card of which it needs one each besides
    cutout: bool = False  # the model's cutout graph
    galleries: bool = False  # galleries with an index for the auxiliary classifier


@dataclass(frozen=True)
class Result:
    """What a frame gives."""

    mask: Mask | None = None  # the person; None: the frame is shown as it is
    events: tuple[Event, ...] = ()  # for the page
    annotations: tuple[Annotations | ColorOverlay, ...] = ()  # drawn over the picture


class Task(Protocol):
    """One file or package in app/tasks, which names it as TASK; the file's name is the task's id."""

    title: str
    about: str  # a line about it, for the head of the page
    background: str  # the setting unless the visitor chooses; who changes the task keeps theirs
    requires: Requires
    preferred: tuple[str, ...]  # card ids: the first of a kind is taken unless the visitor chooses another
    events: tuple[type[Event], ...]  # the types of event it may give
    outputs: Mapping[str, Tensor]  # what the last frame's graphs gave; empty where none was run

    def __init__(self, model: Model, auxiliary: Mapping[str, Model]) -> None: ...

    async def step(self, frame: Frame, settings: Settings) -> Result:
        """One frame."""
        ...


class ComparingTask(Task, Protocol):
    """A task that compares with galleries: its Requires says so."""

    galleries: tuple[LoadedGallery, ...]  # set from outside whenever others are chosen

    async def embed(self, frame: Frame) -> tuple[Tensor, RotatedRect]:
        """What is compared of a picture that the visitor adds: its features, and the square they are of.

        Nothing of it is remembered, and no event tells of it.
        """
        ...
