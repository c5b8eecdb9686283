"""Opens one picture within limits, crops it to a square around its subject, puts it on grey or on a sheet.

Does not know the name or the author of a picture.
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

MAX_BYTES = 100_000_000
MAX_PIXELS = 50_000_000  # 200 MB decoded
MIN_SIDE = 16  # pixels of the shorter side; a smaller picture shows nothing to compare
MAX_SIDE = 1024  # pixels of the longer side; a larger picture is reduced, the classifier's input is 224
MIN_ALPHA = 8  # of 255, of a pixel that belongs to the subject
MARGIN = 0.03  # of the subject's larger side, left free around it
TOP_SHARE = 0.25  # of the excess height of a tall picture, cut off above: faces are in the upper half


class PictureError(ValueError):
    """A picture that cannot be used. The message continues a sentence that begins with the file's name."""


def load(path: Path) -> Image.Image:
    """The picture as RGBA, turned upright by EXIF, no side longer than MAX_SIDE. Raises PictureError."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            limit = f"{MAX_BYTES / 1e6:.0f}"
            raise PictureError(f"has {size / 1e6:.0f} MB, more than {limit}: save a smaller copy")
        with _no_warnings(), Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            if min(image.size) < MIN_SIDE:
                raise PictureError(f"has only {image.width} × {image.height} pixels")
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # JPEG is decoded at a reduced size
            image.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=3)
            return _to_rgba(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError:
        raise PictureError(
            f"has more than {MAX_PIXELS // 1_000_000} megapixels: save a smaller copy"
        ) from None
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError("is no picture of a supported type, or is damaged") from None
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
        raise PictureError(f"is damaged ({_first_line(error)})") from None


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Silence Pillow's warnings about odd EXIF data and large pictures, which are handled here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _to_rgba(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        levels = np.asarray(image, np.float32)
        top = 65535.0 if levels.max() > 255 else 255.0
        image = Image.fromarray(np.clip(levels * (255 / top), 0, 255).astype(np.uint8))
    return image.convert("RGBA")


def crop_square(image: Image.Image, crop: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> Image.Image:
    """The square around the visible subject of an RGBA picture; the middle of a picture without transparency.

    Only `crop` (left, top, side, in widths of the picture) counts. Raises PictureError for a blank picture.
    """
    left, top, side = (value * image.width for value in crop)
    if crop != (0.0, 0.0, 1.0):
        image = image.crop((round(left), round(top), round(left + side), round(top + side)))
    alpha = image.getchannel("A").point(lambda a: 255 * (a >= MIN_ALPHA))
    box = alpha.getbbox()
    if box is None:
        raise PictureError("is fully transparent")
    x0, y0, x1, y1 = box
    if is_opaque(image):
        edge = min(image.size)
        x, y = (image.width - edge) // 2, round((image.height - edge) * TOP_SHARE)
        image = image.crop((x, y, x + edge, y + edge))
    else:
        edge = max(x1 - x0, y1 - y0)
        edge += 2 * max(1, round(edge * MARGIN))
        x = (x0 + x1 - edge) // 2
        # A subject that the picture's lower edge cuts off stays at the edge, so that shoulders do not float.
        y = image.height - edge if y1 == image.height else (y0 + y1 - edge) // 2
        image = image.crop((x, y, x + edge, y + edge))
    if np.ptp(np.asarray(_on_grey(image)), axis=(0, 1)).max() == 0:
        raise PictureError("has only one colour")
    return image


def is_opaque(image: Image.Image) -> bool:
    """Whether an RGBA picture has no transparency, like a photograph."""
    return bool(image.getchannel("A").getextrema() == (255, 255))


def to_input(image: Image.Image, height: int, width: int, type: str) -> NDArray[np.generic]:
    """A square as a classifier's input [1,height,width,4], uint8 or float32, on the cutout graph's grey."""
    small = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2)
    return np.asarray(_on_grey(small).convert("RGBA"))[None].astype(type)


def _on_grey(image: Image.Image) -> Image.Image:
    grey = Image.new("RGBA", image.size, (GREY, GREY, GREY, 255))
    return Image.alpha_composite(grey, image).convert("RGB")


class Sheets:
    """Puts small pictures in rows and columns on WebP files, with one sheet in memory at a time."""

    QUALITY = 78
    ALPHA = 90

    def __init__(self, columns: int, rows: int, size: int) -> None:
        self.columns, self.rows, self.size = columns, rows, size
        self._n = 0
        self._sheet: Image.Image | None = None

    def scale(self, square: Image.Image) -> Image.Image:
        """A square scaled to the size of the sheet's pictures."""
        return square.resize((self.size, self.size), Image.Resampling.LANCZOS, reducing_gap=3)

    def add(self, small: Image.Image) -> bytes | None:
        """Put the next scaled picture on the sheet; returns the sheet's file once it is full."""
        if self._sheet is None:
            self._sheet = Image.new("RGBA", (self.columns * self.size, self.rows * self.size))
        row, column = divmod(self._n % (self.columns * self.rows), self.columns)
        self._sheet.paste(small, (column * self.size, row * self.size))
        self._n += 1
        return self.finish() if self._n % (self.columns * self.rows) == 0 else None

    def finish(self) -> bytes | None:
        """The file of a sheet that is not full; None if there is no such sheet."""
        if self._sheet is None:
            return None
        out = BytesIO()
        sheet = self._sheet.convert("RGB") if is_opaque(self._sheet) else self._sheet
        sheet.save(out, "WEBP", quality=self.QUALITY, alpha_quality=self.ALPHA, method=4)
        self._sheet = None
        return out.getvalue()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]
