"""Frame: one picture on its way through the pipeline, and where it lies in a model's input.

Does not know what the picture is made of: a VideoFrame, an ImageBitmap or a NumPy array.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.card import Input


class Frame:
    """An opaque picture, its size in pixels and its time in ms. Closed exactly once."""

    __slots__ = ("_close", "fresh", "height", "picture", "still", "time", "width")

    def __init__(
        self,
        picture: Any,
        width: int,
        height: int,
        time: float = 0.0,
        *,
        still: bool = False,
        fresh: bool = False,
        close: Callable[[], object] | None = None,
    ) -> None:
        if width < 1 or height < 1:
            raise ValueError(f"A picture of {width} x {height} pixels cannot be shown.")
        self.picture = picture
        self.width = width
        self.height = height
        self.time = time
        self.still = still  # a photo: there is no frame before it to be smoothed with
        self.fresh = fresh  # the first of a new source: the frame before it showed something else
        self._close = close

    def close(self) -> None:
        """Give the picture back to the browser. A second call is an error in our own code: RuntimeError."""
        if self.picture is None:
            raise RuntimeError("A Frame was closed twice.")
        self.picture = None
        if self._close is not None:
            self._close()


class Place(NamedTuple):
    """Where the whole frame lies in the input, as fractions of the input: left, top, width, height."""

    left: float
    top: float
    width: float
    height: float


def place(width: int, height: int, into: Input) -> Place:
    """Where a frame of `width` x `height` pixels lies in a model's input."""
    if into.fit == "stretch":
        return Place(0.0, 0.0, 1.0, 1.0)
    scale = min(into.width / width, into.height / height)
    w, h = width * scale / into.width, height * scale / into.height
    return Place((1 - w) / 2, (1 - h) / 2, w, h)


@dataclass(frozen=True)
class Box:
    """The largest picture shown, in pixels."""

    width: int
    height: int

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """`width` x `height` scaled down, never up, to lie in the box; at least 1 x 1."""
        scale = min(1.0, self.width / width, self.height / height)
        return max(1, round(width * scale)), max(1, round(height * scale))
