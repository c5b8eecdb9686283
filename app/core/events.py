"""The events that a task may report about a frame. static/ has one renderer for each type.

Does not send anything. app/worker/protocol lists these events among the messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from app.core import messages

CARDS = 5  # answers shown for a face, each on a card (data-cards in static/index.html)


@dataclass(frozen=True)
class Caption:
    """A sentence under the picture."""

    type: ClassVar[str] = "caption"
    text: str


@dataclass(frozen=True)
class Answer:
    """A character that resembles a face, and where its picture is."""

    key: str  # the gallery's id, a slash, the character's key
    name: str
    set: str  # the title of its set
    design: str  # designer and licence; "" for the visitor's own pictures
    similarity: int  # percent
    sheet: str = ""  # path of the image that holds its picture; "" for the visitor's own pictures
    x: int = 0  # column and row on the sheet
    y: int = 0
    columns: int = 1  # of the sheet
    rows: int = 1


@dataclass(frozen=True)
class FaceAnswers:
    """A face in the picture and the characters that it resembles, best first."""

    id: int  # from 1; stays the same while the face is tracked
    box: tuple[float, float, float, float]  # left, top, width, height, 0 to 1 of the picture shown
    five: tuple[Answer, ...]


@dataclass(frozen=True)
class Answers:
    """The characters that the faces of the picture resemble."""

    type: ClassVar[str] = "answers"
    faces: tuple[FaceAnswers, ...]
    together: tuple[Answer, ...]  # the answers for all faces as one; empty for fewer than two faces
    note: str  # a sentence about the picture; "" for none
    source: int  # changes with each new source, whose faces are new too
    picture: tuple[int, int]  # width and height, in pixels, of the picture shown
    picked: Mapping[int, str] = field(
        default_factory=dict
    )  # face id (0: together) -> key; the worker adds it
    hint: str = messages.HINT  # shown when `note` is empty
    sheets: int = 12  # how many the page keeps decoded: each is 640 x 640 pixels, 1.6 MB
    wait_ms: int = 1000  # how long a card waits for its picture, so that name and picture change together
    titles: Mapping[int, str] = field(init=False)  # the name of each face by id; 0: all faces together

    def __post_init__(self) -> None:
        names = {face.id: messages.FACE.format(id=face.id) for face in self.faces}
        object.__setattr__(self, "titles", {0: messages.TOGETHER, **names})


Event = Caption | Answers
