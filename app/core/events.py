"""What a task tells the page about a frame: an event of one of these types, drawn by one renderer in static/.

Does not send anything. app/worker/protocol lists these events among the messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from app.core import messages

CARDS = 5  # answers shown of a face, each on a card (data-cards in static/index.html)


@dataclass(frozen=True)
class Caption:
    """A sentence under the picture."""

    type: ClassVar[str] = "caption"
    text: str


@dataclass(frozen=True)
class Answer:
    """A character that resembles a face, and where its picture is."""

    key: str  # the gallery's id, a slash, the character's key in it
    name: str
    set: str  # the title of the set it belongs to
    design: str  # whose design it is and under which licence; "" for the visitor's own pictures
    similarity: int  # percent
    sheet: str = ""  # path of the image that holds its picture; "" for the visitor's own pictures
    x: int = 0  # column and row on the sheet
    y: int = 0
    columns: int = 1  # of the sheet
    rows: int = 1


@dataclass(frozen=True)
class FaceAnswers:
    """A face in the picture and what it resembles, best first."""

    id: int  # from 1; the same while the face is followed
    box: tuple[float, float, float, float]  # left, top, width, height, 0 to 1 of the picture as it is shown
    five: tuple[Answer, ...]


@dataclass(frozen=True)
class Answers:
    """The characters that the faces of the picture resemble."""

    type: ClassVar[str] = "answers"
    faces: tuple[FaceAnswers, ...]
    together: tuple[Answer, ...]  # all faces as one; empty where there are not two
    note: str  # a sentence about the picture; ""
    source: int  # another number with each new source: its faces have nothing to do with those before
    picture: tuple[int, int]  # width and height, in pixels, of the picture shown
    picked: Mapping[int, str] = field(
        default_factory=dict
    )  # face id (0: together) -> key; the worker adds it
    hint: str = messages.HINT  # shown where there is no note
    sheets: int = 12  # kept decoded: the build makes them 640 x 640 pixels, so one takes 1.6 MB
    wait_ms: int = 1000  # a card waits so long for its picture, so that name and picture change together
    titles: Mapping[int, str] = field(init=False)  # the name of each face, and of all together as 0

    def __post_init__(self) -> None:
        names = {face.id: messages.FACE.format(id=face.id) for face in self.faces}
        object.__setattr__(self, "titles", {0: messages.TOGETHER, **names})


Event = Caption | Answers
