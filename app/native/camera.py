"""The Camera under CPython: frames from arrays, a folder of pictures, or a clip.

Does not drop a frame and does not wait between frames: it reads a file as fast as the pipeline takes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from app.core.frame import Frame

Pixels = NDArray[np.uint8]

RATE = 30.0  # frames per second of a source that does not state its rate
PICTURES = (".png", ".jpg", ".jpeg", ".webp")


class Camera:
    """Yields each picture (uint8 [H,W,3 or 4]) as a Frame; their times are 1 / `rate` seconds apart."""

    def __init__(self, pictures: Iterable[Pixels], rate: float = RATE, *, is_photo: bool = False) -> None:
        self.dropped = 0
        self._pictures = pictures
        self._rate = rate
        self._is_photo = is_photo

    @classmethod
    def open(cls, path: Path) -> Camera:
        """Open a folder of pictures (in order of name), one picture, an .mjpeg or an 8-bit 4:2:0 .y4m clip.

        Raises ValueError, with a sentence for the user, for anything else.
        """
        if path.is_dir():
            files = sorted(f for f in path.iterdir() if f.suffix.lower() in PICTURES)
            if not files:
                raise ValueError(f"{path} contains no picture. Add files ending in {', '.join(PICTURES)}.")
            return cls(map(_picture, files), is_photo=True)
        if not path.is_file():
            raise ValueError(f"{path} does not exist. Name a picture, a folder of pictures or a clip.")
        if path.suffix == ".mjpeg":
            return cls(_mjpeg(path))
        if path.suffix == ".y4m":
            return cls(_y4m(path), _y4m_rate(path))
        return cls([_picture(path)], is_photo=True)

    async def frames(self) -> AsyncIterator[Frame]:
        """See Camera in app.core.ports. Ends after the last picture."""
        for index, picture in enumerate(self._pictures):
            height, width = picture.shape[:2]
            yield Frame(picture, width, height, index * 1000 / self._rate, is_photo=self._is_photo)


def _picture(source: Path | BytesIO) -> Pixels:
    try:
        with Image.open(source) as image:
            return np.asarray(image.convert("RGB"))
    except UnidentifiedImageError:
        subject = "A frame of the clip" if isinstance(source, BytesIO) else source
        accepted = ", ".join(PICTURES)
        raise ValueError(f"{subject} is not a picture. Give a {accepted}, .mjpeg or .y4m file.") from None


def _mjpeg(path: Path) -> Iterator[Pixels]:
    """JPEG files one after another. FF D8 FF inside a JPEG would be an EXIF thumbnail; clips have none."""
    start = b"\xff\xd8\xff"
    for part in path.read_bytes().split(start)[1:]:
        yield _picture(BytesIO(start + part))


def _header(path: Path) -> dict[str, str]:
    """The fields of a clip's first line by letter: W, H, F, C.
    https://wiki.multimedia.cx/index.php/YUV4MPEG2
    """
    with path.open("rb") as file:
        words = file.readline(256).decode("ascii", "replace").split()
    fields = {word[0]: word[1:] for word in words[1:]}
    if words[:1] != ["YUV4MPEG2"] or not {"W", "H"} <= fields.keys():
        raise ValueError(f"{path} is not a .y4m clip: it has no YUV4MPEG2 header. Convert it again.")
    if not fields.get("C", "420").startswith("420") or "p" in fields.get("C", "")[3:].replace("paldv", ""):
        raise ValueError(f"{path} has the format {fields['C']}. Convert it to 8-bit 4:2:0.")
    return fields


def _y4m_rate(path: Path) -> float:
    above, _, below = _header(path).get("F", "").partition(":")
    return float(above) / float(below) if above and below else RATE


def _y4m(path: Path) -> Iterator[Pixels]:
    """Frames of a clip, read as Chromium reads them: BT.601, limited range."""
    fields = _header(path)
    width, height = int(fields["W"]), int(fields["H"])
    sizes = [(height, width)] + [((height + 1) // 2, (width + 1) // 2)] * 2
    with path.open("rb") as file:
        file.readline()
        while file.readline(256).startswith(b"FRAME"):
            raw = [file.read(h * w) for h, w in sizes]
            if len(raw[2]) < sizes[2][0] * sizes[2][1]:
                return  # the clip is truncated: its last frame is incomplete
            planes = [np.frombuffer(r, np.uint8).reshape(size) for r, size in zip(raw, sizes, strict=True)]
            y, u, v = (plane.astype(np.float32) for plane in planes)
            u, v = (plane.repeat(2, 0).repeat(2, 1)[:height, :width] - 128 for plane in (u, v))
            y = (y - 16) * (255 / 219)
            rgb = np.stack([y + 1.596 * v, y - 0.392 * u - 0.813 * v, y + 2.017 * u], 2)
            yield np.rint(np.clip(rgb, 0, 255)).astype(np.uint8)
