"""Events inside a worker, and the effects that update() returns besides messages to the page.

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
    """The models are loaded; overlays, galleries and backdrops can be loaded now."""


@dataclass(frozen=True)
class EngineReady:
    """The models are warm; the worker can process frames."""


@dataclass(frozen=True)
class BusyChanged:
    """Work that may delay a frame has started (1) or ended (-1)."""

    change: int


@dataclass(frozen=True)
class TaskReported:
    """The task reported an event."""

    event: TaskEvent


@dataclass(frozen=True)
class OverlayFailed:
    """The overlay could not be loaded or drawn."""

    why: str


@dataclass(frozen=True)
class GalleriesFailed:
    """The galleries could not be loaded; those of the setting `gallery` remain in use."""

    why: str
    gallery: str


@dataclass(frozen=True)
class BackdropFailed:
    """The backdrop could not be loaded."""

    why: str


@dataclass(frozen=True)
class PicturesChanged:
    """The number of the visitor's own pictures has changed."""

    count: int


@dataclass(frozen=True)
class TrialDue:
    """Enough frames have run to measure the current backend."""

    infer_ms: float


@dataclass(frozen=True)
class TrialMeasured:
    """The time of one run of each of the task's models, with the settings during the measurement."""

    ms: float
    trials: tuple[str, ...]
    settings: Settings


@dataclass(frozen=True)
class TrialLost:
    """This worker is a trial and was not faster."""


@dataclass(frozen=True)
class WorkerFailed:
    """This worker cannot continue. `again`: whether a restart of the same backend can help."""

    why: str
    again: bool = True


# ---- effects ----


@dataclass(frozen=True)
class Cover:
    """Cover the canvas, because the picture has no mask."""

    settings: Settings


@dataclass(frozen=True)
class SaveFrame:
    """Save the next drawn picture as a file for the visitor."""


@dataclass(frozen=True)
class LoadOverlay:
    """Load the overlay of the setting, with its card and input size; "none" and None unload it."""

    overlay: str = "none"
    card: str = ""
    input: Input | None = None


@dataclass(frozen=True)
class LoadGalleries:
    """Load the galleries of the setting. `revision` counts changes of the visitor's own pictures."""

    gallery: str = ""
    revision: int = 0


@dataclass(frozen=True)
class LoadBackdrop:
    """Load the backdrop: an image, USER_VIDEO, or "" for none.

    `revision` counts the visitor's own backdrops.
    """

    image: str = ""
    revision: int = 0


@dataclass(frozen=True)
class MeasureTrial:
    """Measure one run of each of the task's models, as a target for other backends."""

    trials: tuple[str, ...] = ()  # backends; empty: measure nothing
    settings: Settings = field(default_factory=Settings)  # at the time of the request


@dataclass(frozen=True)
class ChangePictures:
    """Add, remove or import pictures of the visitor's own."""

    message: PictureAdded | PictureRemoved | PicturesImported


@dataclass(frozen=True)
class ExportPictures:
    """Export the visitor's own pictures as one file."""


@dataclass(frozen=True)
class PublishPictures:
    """Send the visitor's pictures to the page. `reread`: read browser storage first."""

    reread: bool
