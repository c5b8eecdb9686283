"""The Protocols between the pipeline and the world, and the records that pass through them.

Implements none of them: app.page does for the browser, app.native for CPython.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.annotations import Annotations, ColorOverlay
from app.core.card import Input
from app.core.frame import Frame
from app.core.geometry import Letterbox, RotatedRect
from app.core.settings import Settings

# Opaque to Python: an ort.Tensor in the page, a NumPy array under CPython. Its pixels are never indexed.
Tensor = Any


@dataclass(frozen=True, slots=True)
class Sample:
    """What a Compositor drew of a frame for a network.

    In the page a Compositor fills the same memory again: a Sample is valid until the Compositor samples
    another frame, or another region, for the same input and element type. Whole frames and regions do not
    share memory.
    """

    tensor: Tensor  # the network's input [1,H,W,4], 0 to 255
    input: Input
    letterbox: Letterbox | None  # where the whole frame lies in the input; None: a region was sampled
    frame: Frame
    pixels: Any  # the same picture in the form in which the Compositor reads it again in `compose`


@dataclass(frozen=True, slots=True)
class Mask:
    """Where the person is: a Tensor float32 [1,1,h,w], 0 to 1, and the Sample that it was made from."""

    tensor: Tensor
    sample: Sample

    def letterbox(self, card_input: Input) -> Letterbox:
        """Where the frame lies in it.

        Raises ValueError when it was not made from a whole frame, sampled for this input.
        """
        if self.sample.letterbox is None:
            raise ValueError("A Mask of a region cannot be composed. Sample the whole frame.")
        if self.sample.input != card_input:
            raise ValueError("The Mask was made by another model. Use that of the Compositor's own card.")
        return self.sample.letterbox


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
    """Makes a network's input of a Frame, and the visible picture of a Frame, a Mask and the Settings.

    It belongs to one card: the one whose Masks it composes.
    """

    def sample(
        self, frame: Frame, into: Input, roi: RotatedRect | None = None, rgba: str = "uint8"
    ) -> Sample:
        """The frame, or a region of it, as a network's input of the element type `rgba`: uint8 or float32."""
        ...

    async def compose(self, frame: Frame, mask: Mask | None, settings: Settings) -> None:
        """Draw the visible picture. Without a Mask the frame is shown as it is.

        Raises ValueError when the Mask is that of another card or of a region, RuntimeError when its Sample
        is not valid any more.
        """
        ...

    def annotate(self, annotations: Sequence[Annotations | ColorOverlay], mirror: bool) -> None:
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
