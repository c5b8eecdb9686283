"""State: the frozen state of a worker. update() in app/worker/update.py makes the next one.

Does not load, draw or send anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.card import ModelCard
from app.core.events import Answers, Event
from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.worker.handover import RUNNING, STARTING, Handover

Effects = tuple[Any, ...]  # messages to the page, and what app/worker/effects.py lists


@dataclass(frozen=True)
class State:
    """The state of a worker, which has one backend and one card; another needs a new worker."""

    settings: Settings
    caps: Capabilities
    card: ModelCard
    backend: str
    handover: Handover  # what it began with
    initial: Settings  # the settings it began with
    backdrops: Mapping[str, str] = field(default_factory=dict)  # id -> path of its picture
    camera_requested: bool = False
    trials: tuple[str, ...] = ()  # backends to be tried once this one has shown its speed
    phase: str = "starting"  # then "loaded" (its models are), then "running" (pictures come)
    busy: int = 0  # how much is under way that holds a frame up
    limits: tuple[int, int] = (STARTING, RUNNING)  # ms without an answer: while busy, otherwise
    picks: Mapping[int, str] = field(
        default_factory=dict
    )  # a face's id (0: all together) -> the answer's key
    last_events: Mapping[str, Event] = field(default_factory=dict)  # of the task, by type
    pictures: int = 0  # how often the visitor's own pictures have changed
    user_images: int = 0  # how often the visitor has chosen an image of their own as backdrop

    @property
    def answers(self) -> Answers | None:
        """The last answers."""
        answers = self.last_events.get(Answers.type)
        return answers if isinstance(answers, Answers) else None
