"""The messages from the page to a worker.

Does not handle them: app/worker/update.py does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.worker.handover import Handover
from app.worker.protocol.browser import Bitmap, Canvas, File, FrameStream, Picture, UserPicture


@dataclass(frozen=True)
class Start:
    """Begin. The first message; static/worker.js starts Python, then Python reads it."""

    type: ClassVar[str] = "start"
    handover: Handover
    manifest: str  # the text of manifest.json
    canvas: Canvas  # the picture is drawn on it
    backdrop: Bitmap  # the visitor's own backdrop; null where there is none
    pictures: tuple[UserPicture, ...]  # those that browser storage does not hold
    texts: Mapping[str, str]  # what a failed start says, from index.html


@dataclass(frozen=True)
class FrameReady:
    """A picture of the source. It goes into the frame slot; update() does not see it."""

    type: ClassVar[str] = "frame"
    picture: Picture
    time: float  # ms
    is_photo: bool
    first_of_source: bool  # the picture before it showed something else
    skipped: int  # pictures that the source has shown since the last one taken


@dataclass(frozen=True)
class Stream:
    """A camera's frames, which the worker reads itself; null: no more. static/frames.js follows it."""

    type: ClassVar[str] = "stream"
    readable: FrameStream
    first_of_source: bool  # the picture before its first showed something else


@dataclass(frozen=True)
class Shown:
    """This worker's canvas is on the screen now: send everything that the page draws."""

    type: ClassVar[str] = "shown"


@dataclass(frozen=True)
class SetSetting:
    """The visitor, or a script by vitrine.set(), changed a setting."""

    type: ClassVar[str] = "set"
    name: str
    value: str | float | bool


@dataclass(frozen=True)
class CameraRequested:
    """The visitor pressed the button that turns the camera on."""

    type: ClassVar[str] = "camera-requested"


@dataclass(frozen=True)
class CamerasFound:
    """The browser has named its cameras."""

    type: ClassVar[str] = "cameras"
    cameras: tuple[tuple[str, str], ...]  # device id, label


@dataclass(frozen=True)
class BackdropChosen:
    """The visitor chose a picture of their own as backdrop."""

    type: ClassVar[str] = "backdrop"
    picture: Bitmap


@dataclass(frozen=True)
class BackdropFrame:
    """A picture of the visitor's video. It goes to the Compositor; update() does not see it."""

    type: ClassVar[str] = "backdrop-frame"
    picture: Picture


@dataclass(frozen=True)
class SourceFailed:
    """A source or a file could not be opened, or the page made it smaller."""

    type: ClassVar[str] = "source-failed"
    kind: str  # sample, camera, file, or picture: one that the visitor adds to compare with
    name: str  # a DOMException's name, or: large, pixels, decode, bounded, ended, import
    figures: Mapping[str, str | float]  # what the sentence names: size, width, file, ...


@dataclass(frozen=True)
class SuccessorFailed:
    """The worker that was to take over gave up: this one goes on."""

    type: ClassVar[str] = "successor-failed"
    trials: tuple[str, ...] = ()  # backends still to be tried
    failed: Mapping[str, str] | None = None  # backend -> why it failed
    text: str = ""  # a sentence for the visitor; "" after a trial, which the visitor did not ask for


@dataclass(frozen=True)
class SaveRequested:
    """The visitor asked to save the next picture as a file."""

    type: ClassVar[str] = "save"


@dataclass(frozen=True)
class Picked:
    """The visitor picked one of a face's answers."""

    type: ClassVar[str] = "pick"
    face: int  # its id; 0: all faces together
    key: str  # of the answer


@dataclass(frozen=True)
class ShareRequested:
    """The visitor asked for a picture of a face beside its answer."""

    type: ClassVar[str] = "share"
    face: int  # its id; 0: all faces together


@dataclass(frozen=True)
class PictureAdded:
    """The visitor added a picture to compare with. It is handled once its features are known."""

    type: ClassVar[str] = "add-picture"
    name: str
    picture: Bitmap


@dataclass(frozen=True)
class PictureRemoved:
    """The visitor removed one of their pictures."""

    type: ClassVar[str] = "remove-picture"
    id: str


@dataclass(frozen=True)
class PicturesImported:
    """The visitor chose a file of exported pictures."""

    type: ClassVar[str] = "import-pictures"
    file: File


@dataclass(frozen=True)
class ExportRequested:
    """The visitor asked for their pictures as one file."""

    type: ClassVar[str] = "export-pictures"
