"""The Protocols between the pipeline and the world: Camera, Session, Compositor, Panel.

Implements none of them: app.page does for the browser, app.native for CPython.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from app.core.annotations import Annotations, ColorOverlay
from app.core.card import Input
from app.core.frame import Frame
from app.core.geometry import RotatedRect
from app.core.settings import Settings

# Opaque to Python: an ort.Tensor in the page, a NumPy array under CPython. Its pixels are never indexed.
Tensor = Any


class Camera(Protocol):
    """Gives the newest frame, one at a time, until the source ends."""

    dropped: int

    def frames(self) -> AsyncIterator[Frame]:
        """Frames, newest first come; each is the taker's to close."""
        ...


class Session(Protocol):
    """One loaded model. Runs are serial: onnxruntime-web refuses two at once."""

    async def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Named inputs to named outputs. Raises RuntimeError, with the runtime's words, when it fails."""
        ...

    def tensor(self, numbers: Sequence[float] | array[float], shape: Sequence[int]) -> Tensor:
        """A float32 Tensor of at most some hundred numbers."""
        ...

    def blank(self, shape: Sequence[int]) -> Tensor:
        """A float32 Tensor of zeros, of any size."""
        ...

    def numbers(self, tensor: Tensor) -> array[float]:
        """A small Tensor's values, flat, as array('f')."""
        ...

    async def close(self) -> None:
        """Give the model's memory back."""
        ...


class Compositor(Protocol):
    """Makes a model's input of a Frame, and the visible picture of a Frame, a Mask and the Settings."""

    def sample(
        self, frame: Frame, into: Input, roi: RotatedRect | None = None, rgba: str = "uint8"
    ) -> Tensor:
        """The frame, or what a region of it shows, as a model's input [1,H,W,4], 0 to 255 in either type.

        Good until the next sample of the same size and type.
        """
        ...

    async def compose(self, frame: Frame, mask: Tensor | None, settings: Settings) -> None:
        """Draw the visible picture. Without a Mask the frame is shown as it is."""
        ...

    def mark(self, marks: Sequence[Annotations | ColorOverlay], mirror: bool) -> None:
        """Draw these over the picture composed last. Where it fails, the next picture is none the worse."""
        ...

    def cover(self, settings: Settings) -> None:
        """Draw the backdrop alone, so that nothing of the room is seen."""
        ...


class Panel(Protocol):
    """What the visitor reads beside the picture."""

    def note(self, text: str) -> None:
        """A sentence to the visitor."""
        ...
