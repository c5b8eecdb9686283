"""What happens inside a worker (events), and what is to be done beside messages to the page (effects).

Does nothing itself: app/worker/update.py turns events into effects, app/page/main.py carries effects out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.core.card import Input
from app.core.events import Event as TaskEvent
from app.core.settings import Settings
from app.worker.protocol.to_worker import (
    PictureAdded,
    PictureRemoved,
    PicturesImported,
)

# ---- events ----


@dataclass(frozen=True)
class EngineLoaded:
    """The models are there; what is loaded beside them can be."""


@dataclass(frozen=True)
class EngineReady:
    """The models are warm: pictures can come."""


@dataclass(frozen=True)
class BusyChanged:
    """Something that holds a frame up has begun (1) or ended (-1)."""

    change: int


@dataclass(frozen=True)
class TaskTold:
    """The task told something about a frame."""

    event: TaskEvent


@dataclass(frozen=True)
class OverlayFailed:
    """The overlay could not be loaded or drawn."""

    why: str


@dataclass(frozen=True)
class GalleriesFailed:
    """The galleries could not be loaded; those of `gallery` still are."""

    why: str
    gallery: str


@dataclass(frozen=True)
class BackdropFailed:
    """The backdrop could not be loaded."""

    why: str


@dataclass(frozen=True)
class PicturesChanged:
    """There are now so many pictures of the visitor's own."""

    count: int


@dataclass(frozen=True)
class TrialDue:
    """The backend in use has shown its speed."""

    infer_ms: float


@dataclass(frozen=True)
class TrialMeasured:
    """One run of each of the task's models took so long, with the settings of that time."""

    ms: float
    trials: tuple[str, ...]
    settings: Settings


@dataclass(frozen=True)
class TrialLost:
    """This worker is a trial and was not faster."""


@dataclass(frozen=True)
class WorkerFailed:
    """This worker cannot go on. `again`: whether to start the same once more can help."""

    why: str
    again: bool = True


# ---- effects ----


@dataclass(frozen=True)
class Cover:
    """Hide the picture on the canvas: it has no mask."""

    settings: Settings


@dataclass(frozen=True)
class SaveFrame:
    """Give the next picture drawn to the visitor as a file."""


@dataclass(frozen=True)
class LoadOverlay:
    """The overlay to draw: the setting, and the card with its input size; "none" and None to draw none."""

    overlay: str = "none"
    card: str = ""
    input: Input | None = None


@dataclass(frozen=True)
class LoadGalleries:
    """The galleries to compare with. `revision` counts the changes of the visitor's own pictures."""

    gallery: str = ""
    revision: int = 0


@dataclass(frozen=True)
class LoadBackdrop:
    """The backdrop to show: an image, USER_VIDEO, or "" for none.

    `revision` counts the visitor's own backdrops.
    """

    image: str = ""
    revision: int = 0


@dataclass(frozen=True)
class MeasureTrial:
    """Measure one run of each of the task's models, to compare backends with."""

    trials: tuple[str, ...] = ()  # backends; empty: measure nothing
    settings: Settings = field(default_factory=Settings)  # of the moment


@dataclass(frozen=True)
class ChangePictures:
    """Add, remove or import pictures of the visitor's own."""

    message: PictureAdded | PictureRemoved | PicturesImported


@dataclass(frozen=True)
class ExportPictures:
    """Give the visitor their own pictures as one file."""


@dataclass(frozen=True)
class PublishPictures:
    """Send the visitor's pictures to the page, as they are known or as storage holds them now."""

    reread: bool
