"""The messages from a worker to the page.

Does not send them: static/worker.js and app/page/main.py do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.core.events import Answer
from app.panel.setting import Control
from app.worker.handover import Handover
from app.worker.protocol.browser import File, UserPicture
from app.worker.protocol.to_worker import SuccessorFailed


@dataclass(frozen=True)
class Handled:
    """The worker is done with a message; one that is not handled is sent again to the worker that follows."""

    type: ClassVar[str] = "handled"
    number: int  # that the page gave the message


@dataclass(frozen=True)
class Log:
    """The download progress of a file, while the worker starts."""

    type: ClassVar[str] = "log"
    label: str
    have: int  # bytes
    total: int


@dataclass(frozen=True)
class Note:
    """A sentence for the visitor."""

    type: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True)
class Panel:
    """The controls and the head of the page, for the current settings."""

    type: ClassVar[str] = "panel"
    title: str  # of the task
    about: str
    events: tuple[str, ...]  # the types of event that the task may send: their parts of the page are shown
    controls: tuple[Control, ...]
    query: str  # every setting, for the address bar


@dataclass(frozen=True)
class Source:
    """Which source the page opens, and the bounds of a photo."""

    type: ClassVar[str] = "source"
    source: str  # sample, camera, file
    camera: str  # a device id; "" is the browser's choice
    width: int  # of the live picture, at most
    height: int
    ask: tuple[str, ...]  # a button's words and a line: the visitor is asked first; empty: no question
    photo: tuple[int, int]  # width and height that a larger photo is made smaller to
    megabytes: int  # a larger file is refused
    megapixels: int  # a photo with more is refused


@dataclass(frozen=True)
class BackdropVideo:
    """How the visitor's video is to be sampled for the background."""

    type: ClassVar[str] = "backdrop-video"
    rate: int  # pictures a second, at most; 0: the background shows no video
    width: int  # of the picture that they fill: a larger one is made smaller
    height: int


@dataclass(frozen=True)
class Ready:
    """The models are loaded and warm: send pictures."""

    type: ClassVar[str] = "ready"


@dataclass(frozen=True)
class Progress:
    """A picture takes long, and the worker is alive."""

    type: ClassVar[str] = "progress"


@dataclass(frozen=True)
class Done:
    """A picture is drawn: send the next."""

    type: ClassVar[str] = "done"


@dataclass(frozen=True)
class Redraw:
    """A still source must send its picture again."""

    type: ClassVar[str] = "redraw"


@dataclass(frozen=True)
class Plan:
    """What the page does when this worker stops answering: the worker can no longer say it then."""

    type: ClassVar[str] = "plan"
    limit: int  # ms without an answer after which the worker counts as stopped
    show: bool  # whether the picture may be shown unmasked: the visitor chose "none"
    color: str  # covers the picture otherwise
    image: str  # path of a backdrop that covers it; ""
    handover: Handover | None  # begins the worker that follows; None: there is none to try
    decline: SuccessorFailed | None  # of a trial: what the worker on the screen is told instead
    text: str  # for the visitor where nothing follows


@dataclass(frozen=True)
class Begin:
    """Start a worker beside this one; it takes over with its first picture."""

    type: ClassVar[str] = "begin"
    handover: Handover
    failed: bool = False  # this worker has failed and draws no more


@dataclass(frozen=True)
class Declined:
    """This worker was a trial and is not faster, or failed: end it, tell the worker on the screen."""

    type: ClassVar[str] = "declined"
    outcome: SuccessorFailed


@dataclass(frozen=True)
class Stopped:
    """This worker has failed and nothing follows it."""

    type: ClassVar[str] = "stopped"
    text: str  # for the visitor


@dataclass(frozen=True)
class Stats:
    """Figures of the last frames, twice a second; what vitrine.stats() gives."""

    type: ClassVar[str] = "stats"
    fps: float
    ms: Mapping[str, float]  # median of each stage
    frames: int
    plot: tuple[float, ...]  # ms of each of the last frames
    window: int  # how many frames the plot is wide
    backend: str
    model: str
    variant: str
    threads: int
    dropped: int
    textures: int
    reused: float  # the share of the last frames that used the Mask of the one before again
    level: int  # of app.core.economy: how much is saved because the machine is slow
    picture: tuple[int, int]  # width and height of the canvas
    memory: Mapping[str, int]  # bytes; the page adds its own


@dataclass(frozen=True)
class Download:
    """A file for the visitor to save."""

    type: ClassVar[str] = "download"
    file: File
    name: str


@dataclass(frozen=True)
class ShareCard:
    """A face beside its answer, to be drawn as one picture and shared."""

    type: ClassVar[str] = "share-card"
    answer: Answer
    boxes: tuple[tuple[float, float, float, float], ...]  # of the faces, as in FaceAnswers
    words: Mapping[str, str]
    name: str  # of the file


@dataclass(frozen=True)
class Pictures:
    """The visitor's own pictures, and how many are still being processed."""

    type: ClassVar[str] = "pictures"
    pictures: tuple[UserPicture, ...]
    busy: int  # pictures still being processed
    label: str  # shown before their number
    photo: tuple[int, int]  # bounds of a picture to be added, as in Source
    megabytes: int
    megapixels: int
    file: int  # bytes of a file to be imported, at most
