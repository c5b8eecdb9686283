"""The ports: Protocols between the pipeline and its environment, and the records that they exchange.

Does not implement them: app.page does for the browser, app.native for CPython.
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

# Opaque to the pipeline: an ort.Tensor in the page, a NumPy array under CPython. No code in app indexes
# pixels.
Tensor = Any


@dataclass(frozen=True, slots=True)
class Sample:
    """A frame, or a region of it, scaled to a network's input.

    In the page a Compositor reuses memory: a Sample is valid until the Compositor samples another frame, or
    another region, for the same input and element type. Whole frames and regions do not share memory.
    """

    tensor: Tensor  # the network's input [1,H,W,4], 0 to 255
    input: Input
    letterbox: Letterbox | None  # where the whole frame lies in the input; None: a region was sampled
    frame: Frame
    pixels: Any  # the same picture in the Compositor's own form; `compose` reads it


@dataclass(frozen=True, slots=True)
class Mask:
    """Where the person is: a Tensor float32 [1,1,h,w], 0 to 1, and the Sample that the network ran on."""

    tensor: Tensor
    sample: Sample

    def letterbox(self, card_input: Input) -> Letterbox:
        """Where the frame lies in the Mask.

        Raises ValueError when the Sample shows a region or belongs to another input.
        """
        if self.sample.letterbox is None:
            raise ValueError("A Mask of a region cannot be composed. Sample the whole frame instead.")
        if self.sample.input != card_input:
            raise ValueError("The Mask comes from another model. Pass a Mask of the Compositor's own card.")
        return self.sample.letterbox


class Camera(Protocol):
    """Yields the newest frame, one at a time, until the source ends."""

    dropped: int  # how many frames were skipped

    def frames(self) -> AsyncIterator[Frame]:
        """Yield the newest frame that has arrived. The caller must close each one."""
        ...


class Session(Protocol):
    """One loaded model. Runs must not overlap: onnxruntime-web refuses two at once."""

    async def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the model on named inputs; returns named outputs. Raises RuntimeError with the runtime's
        text.
        """
        ...

    def tensor(self, numbers: Sequence[float] | array[float], shape: Sequence[int]) -> Tensor:
        """A float32 Tensor of a few numbers, some hundred at most."""
        ...

    def blank(self, shape: Sequence[int]) -> Tensor:
        """A float32 Tensor of zeros, of any size."""
        ...

    def numbers(self, tensor: Tensor) -> array[float]:
        """The values of a small Tensor, flattened, as array('f')."""
        ...

    async def close(self) -> None:
        """Free the model's memory."""
        ...


class Compositor(Protocol):
    """Samples a Frame for a network, and draws the visible picture from a Frame, a Mask and the Settings.

    It belongs to one card and composes only Masks of that card.
    """

    def sample(
        self, frame: Frame, into: Input, roi: RotatedRect | None = None, rgba: str = "uint8"
    ) -> Sample:
        """Scale the frame, or a region of it, to a network's input. `rgba`: "uint8" or "float32"."""
        ...

    def difference(self, sample: Sample) -> float:
        """How much a Sample of a whole frame differs from the one that was given to `remember` last.

        The largest mean difference of a channel, 0 to 255, among tiles of 32 x 16 pixels; UNKNOWN of
        app.core.economy where it cannot be said.
        """
        ...

    def remember(self, sample: Sample) -> None:
        """Keep the picture of the Sample that `difference` was given last."""
        ...

    async def compose(self, frame: Frame, mask: Mask | None, settings: Settings) -> None:
        """Draw the visible picture. Without a Mask it is the unchanged frame.

        Raises ValueError when the Mask belongs to another card or to a region, RuntimeError when its Sample
        is no longer valid.
        """
        ...

    def annotate(self, annotations: Sequence[Annotations | ColorOverlay], mirror: bool) -> None:
        """Draw annotations over the last composed picture. A failure does not affect the next picture."""
        ...

    def cover(self, settings: Settings) -> None:
        """Draw only the backdrop or the cover colour, so that the room is hidden."""
        ...


class Panel(Protocol):
    """The texts beside the picture."""

    def note(self, text: str) -> None:
        """Show the visitor a sentence."""
        ...
