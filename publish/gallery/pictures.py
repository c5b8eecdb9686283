"""One picture: opened within bounds, cut to the square around its subject, laid on grey, or on a sheet.

Does not know whose it is or what it is called.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from models.graphs.cutout import GREY

BYTES = 100_000_000
PIXELS = 50_000_000  # 200 MB decoded
SMALLEST = 16  # pixels of the shorter side: below, there is nothing to compare
LARGEST = 1024  # pixels of the longer side that are worked on; the classifier sees 224
SEEN = 8  # of 255: alpha from which something is seen
MARGIN = 0.03  # of the subject's larger side, left free around it
HIGH = (
    0.25  # of what a tall picture has too much is cut off above, the rest below: faces are in the upper half
)


class Unfit(ValueError):
    """A picture that is left out; the message says why, as "is ..."."""


def opened(path: Path) -> Image.Image:
    """The picture as RGBA, upright as EXIF says, no side longer than LARGEST. Raises Unfit."""
    try:
        size = path.stat().st_size
        if size > BYTES:
            raise Unfit(f"has {size / 1e6:.0f} MB, more than {BYTES / 1e6:.0f}: save it smaller")
        with _unwarned(), Image.open(path) as image:
            if image.width * image.height > PIXELS:
                raise Image.DecompressionBombError
            if min(image.size) < SMALLEST:
                raise Unfit(f"has only {image.width} × {image.height} pixels")
            image.draft("RGB", (LARGEST, LARGEST))  # JPEG is decoded smaller at once
            image.thumbnail((LARGEST, LARGEST), reducing_gap=3)
            turned = ImageOps.exif_transpose(image)
            return _rgba(turned)
    except Image.DecompressionBombError:
        raise Unfit(f"has more than {PIXELS // 1_000_000} megapixels: save it smaller") from None
    except Unfit:
        raise
    except UnidentifiedImageError:
        raise Unfit("is no picture that can be read here, or is damaged") from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        MemoryError,
        IndexError,
        KeyError,
        TypeError,
    ) as error:
        raise Unfit(f"is damaged ({_first(error)})") from None


@contextmanager
def _unwarned() -> Iterator[None]:
    """Pillow warns of odd EXIF and of large pictures; both are handled here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _rgba(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        levels = np.asarray(image, np.float32)
        top = 65535.0 if levels.max() > 255 else 255.0
        image = Image.fromarray(np.clip(levels * (255 / top), 0, 255).astype(np.uint8))
    return image.convert("RGBA")


def square(image: Image.Image, crop: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> Image.Image:
    """The square around what is seen of an RGBA picture; of one without transparency its middle.

    `crop` (left, top, side, in the picture's width) is what is looked at. Raises Unfit for a blank picture.
    """
    left, top, side = (value * image.width for value in crop)
    if crop != (0.0, 0.0, 1.0):
        image = image.crop((round(left), round(top), round(left + side), round(top + side)))
    alpha = image.getchannel("A").point(lambda a: 255 * (a >= SEEN))
    box = alpha.getbbox()
    if box is None:
        raise Unfit("is fully transparent")
    x0, y0, x1, y1 = box
    if opaque(image):
        edge = min(image.size)
        x, y = (image.width - edge) // 2, round((image.height - edge) * HIGH)
        image = image.crop((x, y, x + edge, y + edge))
    else:
        edge = max(x1 - x0, y1 - y0)
        edge += 2 * max(1, round(edge * MARGIN))
        x = (x0 + x1 - edge) // 2
        # Shoulders that the picture's lower edge cuts stay at the edge, so that they do not float.
        y = image.height - edge if y1 == image.height else (y0 + y1 - edge) // 2
        image = image.crop((x, y, x + edge, y + edge))
    if np.ptp(np.asarray(_on_grey(image)), axis=(0, 1)).max() == 0:
        raise Unfit("is of one colour")
    return image


def opaque(image: Image.Image) -> bool:
    """Whether an RGBA picture has no transparency at all, as photographs have none."""
    return bool(image.getchannel("A").getextrema() == (255, 255))


def laid(image: Image.Image, height: int, width: int, type: str) -> NDArray[np.generic]:
    """The square as a classifier's rgba [1,height,width,4] of uint8 or float32, on the cutout's grey."""
    small = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2)
    return np.asarray(_on_grey(small).convert("RGBA"))[None].astype(type)


def _on_grey(image: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", image.size, (GREY, GREY, GREY, 255))
    return Image.alpha_composite(ground, image).convert("RGB")


class Sheets:
    """Small pictures in rows and columns on WebP files, one sheet in memory at a time."""

    QUALITY = 78
    ALPHA = 90

    def __init__(self, columns: int, rows: int, size: int) -> None:
        self.columns, self.rows, self.size = columns, rows, size
        self._n = 0
        self._sheet: Image.Image | None = None

    def small(self, square: Image.Image) -> Image.Image:
        """A square in the size of the sheet's pictures."""
        return square.resize((self.size, self.size), Image.Resampling.LANCZOS, reducing_gap=3)

    def add(self, small: Image.Image) -> bytes | None:
        """Lay the next small picture; gives the sheet's file when it is full."""
        if self._sheet is None:
            self._sheet = Image.new("RGBA", (self.columns * self.size, self.rows * self.size))
        row, column = divmod(self._n % (self.columns * self.rows), self.columns)
        self._sheet.paste(small, (column * self.size, row * self.size))
        self._n += 1
        return self.end() if self._n % (self.columns * self.rows) == 0 else None

    def end(self) -> bytes | None:
        """The file of the sheet that is begun; None where none is."""
        if self._sheet is None:
            return None
        out = BytesIO()
        sheet = self._sheet.convert("RGB") if opaque(self._sheet) else self._sheet
        sheet.save(out, "WEBP", quality=self.QUALITY, alpha_quality=self.ALPHA, method=4)
        self._sheet = None
        return out.getvalue()


def _first(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]
