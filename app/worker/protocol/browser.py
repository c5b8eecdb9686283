"""Objects of the browser in messages. A message with one goes by structured clone, any other as JSON.

Does not import js: to Python outside app/page they are opaque.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Bitmap = Any  # ImageBitmap
Picture = Any  # VideoFrame or ImageBitmap
FrameStream = Any  # ReadableStream of VideoFrames
Canvas = Any  # OffscreenCanvas
File = Any  # Blob


@dataclass(frozen=True)
class UserPicture:
    """A picture that the visitor added, as the page's list shows it."""

    id: str
    name: str
    thumbnail: File  # a square JPEG
    stored: bool  # whether browser storage holds it; the next worker is given those that it does not hold
