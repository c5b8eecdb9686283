"""Frame: one picture on its way through the pipeline.

Does not know the type of the picture: a VideoFrame, an ImageBitmap or a NumPy array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Frame:
    """An opaque picture, its size in pixels and its time in ms. Must be closed exactly once.

    `shown_size`: the width and height in pixels at which the picture is shown. It is the picture's own size
    until the Pipeline sets it from the Settings.
    """

    __slots__ = (
        "_close",
        "first_of_source",
        "height",
        "is_photo",
        "picture",
        "shown_size",
        "time",
        "width",
    )

    def __init__(
        self,
        picture: Any,
        width: int,
        height: int,
        time: float = 0.0,
        *,
        is_photo: bool = False,
        first_of_source: bool = False,
        close: Callable[[], object] | None = None,
    ) -> None:
        if width < 1 or height < 1:
            raise ValueError(f"A picture of {width} x {height} pixels cannot be shown. Choose another one.")
        self.picture = picture
        self.width = width
        self.height = height
        self.time = time
        self.is_photo = is_photo  # a photo is not smoothed with other frames
        self.first_of_source = first_of_source  # the frame before it showed something else
        self.shown_size = width, height
        self._close = close

    def close(self) -> None:
        """Release the picture. Raises RuntimeError at a second call, which is a programming error."""
        if self.picture is None:
            raise RuntimeError("A Frame was closed twice. Close each Frame once.")
        self.picture = None
        if self._close is not None:
            self._close()
