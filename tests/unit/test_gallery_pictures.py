"""A gallery's pictures: opened within limits, rejected if damaged, cropped to a square, put on sheets.

Does not make a gallery.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.graphs.cutout import GREY
from publish.gallery import pictures
from tests.support.gallery_inputs import face

DATA = struct.pack(">I", 400) + b"IDAT" + b"\0" * 404


def png(width: int, height: int) -> bytes:
    """The head of a PNG that claims to be so large."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + DATA


@pytest.mark.parametrize("size", [(8000, 7000), (30_000, 30_000), (2_000_000, 2_000_000)])
def test_huge_pictures_are_refused_undecoded(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(png(*size))
    with pytest.raises(pictures.PictureError, match="more than 50 megapixels: save a smaller copy"):
        pictures.load(tmp_path / "a.png")


def broken(kind: str) -> bytes:
    """A picture of a kind, cut in the middle."""
    noise = Image.effect_noise((300, 300), 90)
    out = BytesIO()
    noise.save(out, kind)
    return out.getvalue()[: len(out.getvalue()) // 2]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no picture"),
        (b"\0" * 3000, "no picture"),
        (b"<svg/>", "no picture"),
        (png(300, 300), "damaged"),
        (broken("PNG"), "damaged"),
        (broken("JPEG"), "damaged"),
        (broken("WEBP"), "damaged|no picture"),
    ],
)
def test_damaged_pictures_are_refused(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(pictures.PictureError, match=why):
        pictures.load(tmp_path / "a.png")


def test_pictures_without_a_subject_are_refused(tmp_path: Path) -> None:
    for image, why in (
        (Image.new("RGB", (8, 90), "red"), "only 8 × 90 pixels"),
        (Image.new("RGB", (90, 90), "red"), "only one colour"),
        (Image.new("RGBA", (90, 90)), "fully transparent"),
    ):
        image.save(tmp_path / "a.png")
        with pytest.raises(pictures.PictureError, match=why):
            pictures.crop_square(pictures.load(tmp_path / "a.png"))


def test_exif_turns_a_picture(tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 100), "blue")
    image.paste((255, 0, 0), (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    image.save(tmp_path / "a.jpg", exif=exif)
    shown = pictures.load(tmp_path / "a.jpg")
    assert shown.size == (100, 200)
    top, bottom = np.asarray(shown)[50, 50], np.asarray(shown)[150, 50]
    assert top[0] > 200 > 60 > top[2] and bottom[2] > 200 > 60 > bottom[0]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16", "RGB", "RGBA"])
def test_every_kind_of_pixels_is_read(tmp_path: Path, mode: str) -> None:
    levels = np.linspace(0, 255, 64 * 64).reshape(64, 64).astype(np.uint8)
    image = Image.fromarray(levels.astype(np.uint16) * 257) if mode == "I;16" else None
    image = image or Image.fromarray(levels).convert("RGB").convert(mode)
    name = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    image.save(name)
    found = np.asarray(pictures.load(name))
    assert found.shape == (64, 64, 4) and found[..., 3].min() == 255
    assert found[-8:, :, :3].mean() > 180 > 60 > found[:8, :, :3].mean()


def test_the_subject_is_in_the_middle_and_whole() -> None:
    image = Image.new("RGBA", (300, 200))
    image.paste("red", (200, 40, 260, 140))
    found = pictures.crop_square(image)
    box = found.getchannel("A").getbbox()
    assert found.width == found.height and box
    left, top, right, bottom = box
    assert abs(left - (found.width - right)) <= 1 and abs(top - (found.height - bottom)) <= 1
    assert (right - left, bottom - top) == (60, 100) and top > 0


def test_shoulders_stay_at_the_lower_edge() -> None:
    image = Image.new("RGBA", (200, 200))
    image.paste("red", (50, 60, 150, 200))
    box = pictures.crop_square(image).getchannel("A").getbbox()
    assert box and box[3] == pictures.crop_square(image).height and box[1] > 0


def test_a_tall_photo_keeps_its_upper_part() -> None:
    image = Image.new("RGBA", (100, 300), "blue")
    image.paste("red", (0, 50, 100, 100))
    found = pictures.crop_square(image)
    assert found.size == (100, 100) and np.asarray(found)[:40, :, 0].min() == 255


def test_the_classifier_sees_grey_behind() -> None:
    seen = pictures.to_input(pictures.crop_square(face(3)), 224, 224, "uint8")
    assert seen.shape == (1, 224, 224, 4) and seen.dtype == np.uint8 and seen[..., 3].min() == 255
    assert np.array_equal(seen[0, 0, 0, :3], [GREY] * 3)
    assert pictures.to_input(face(3), 224, 224, "float32").dtype == np.float32


def test_sheets_hold_pictures_in_order() -> None:
    sheets = pictures.Sheets(2, 2, 16)
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)]
    squares = [Image.new("RGBA", (40, 40), (*colour, 255)) for colour in colours]
    found = [sheets.add(sheets.scale(square)) for square in squares]
    assert [data is not None for data in found] == [False, False, False, True, False]
    assert found[3]
    whole = np.asarray(Image.open(BytesIO(found[3])).convert("RGB")).astype(int)
    for n, colour in enumerate(colours[:4]):
        assert np.abs(whole[16 * (n // 2) + 8, 16 * (n % 2) + 8] - colour).max() < 40
    last = sheets.finish()
    assert last and sheets.finish() is None
    alpha = np.asarray(Image.open(BytesIO(last)).convert("RGBA"))[..., 3]
    assert alpha[:16, :16].min() == 255 and alpha[16:].max() == 0  # what is not used is transparent
