"""The default gallery's pictures, distorted, and clips of people, for the figures of the look-alike task.

Does not compare anything. The clips are not part of the project: VITRINE_CLIPS names their folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.core.gallery import Gallery
from app.native.camera import PICTURES, Camera
from publish import DIST
from publish.gallery import DEFAULT, avatars, card, characters, pictures
from tests.support import clip

Array = NDArray[np.uint8]
SIDE = 224
CAMERA_TYPES = (".mjpeg", ".y4m")  # app.native.camera reads these; the files of VIDEO_TYPES need ffmpeg
VIDEO_TYPES = (".mp4", ".webm", ".mov", ".mpg", ".264", ".h264")
MAX_FRAMES = 75  # of a clip: three seconds of most clips


def originals(gallery: Gallery, count: int) -> Iterator[tuple[int, Image.Image]]:
    """(number, RGBA square) of `count` characters of the default gallery, spread evenly."""
    source = card.read(DEFAULT)
    folders = avatars.draw(source.sets, lambda text, share: None)
    rows = characters.list_characters(source, characters.find_files(source), folders)
    table = json.loads((DIST / gallery.names.path).read_bytes())
    titles = [row["title"] for row in table["sets"]]
    by_name = {(row.name, source.sets[row.set].title): row for row in rows}
    for n in np.linspace(0, gallery.count - 1, count).round().astype(int):
        name, number = table["characters"][n]
        row = by_name[name, titles[number]]
        yield int(n), pictures.crop_square(pictures.load(row.file), row.crop)


def _as_input(image: Image.Image) -> Array:
    """As the classifier's input: on grey, uint8 [224,224,3]."""
    return np.asarray(pictures.to_input(image, SIDE, SIDE, "uint8")[0, ..., :3], np.uint8)


def _crop(image: Image.Image, n: int) -> Array:
    edge = round(image.width * 0.1)
    return _as_input(image.crop((edge, edge, image.width - edge, image.height - edge)))


def _rotate(image: Image.Image, n: int) -> Array:
    return _as_input(image.rotate(10 - 20 * (n % 2), Image.Resampling.BICUBIC))


def _colour(image: Image.Image, n: int) -> Array:
    rgba = np.asarray(image).astype(np.float32)
    rgba[..., :3] = 255 * (rgba[..., :3] / 255 * np.array([1.1, 0.95, 0.75], np.float32)) ** 0.8
    return _as_input(Image.fromarray(np.clip(rgba, 0, 255).astype(np.uint8), "RGBA"))


def _half(image: Image.Image, n: int) -> Array:
    small = Image.fromarray(_as_input(image)).resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _on_books(image: Image.Image, n: int) -> Array:
    books = clip.room().crop((40 * n % 400, 100, 40 * n % 400 + SIDE, 100 + SIDE)).convert("RGBA")
    return np.asarray(Image.alpha_composite(books, image.resize((SIDE, SIDE))).convert("RGB"))


# Name of a distortion -> the distorted picture, from the picture and its number.
DISTORTIONS: dict[str, Callable[[Image.Image, int], Array]] = {
    "unchanged": lambda image, n: _as_input(image),
    "cropped: a tenth of each side is missing": _crop,
    "rotated by 10 degrees": _rotate,
    "colour: warm and light": _colour,
    "half resolution": _half,
    "in front of shelves of books": _on_books,
}


def clips(progress: Callable[[str], None]) -> Iterator[tuple[str, list[Array]]]:
    """(name, at most MAX_FRAMES frames [h,w,3]) of each clip; `progress` gets a line for other files."""
    named = os.environ.get("VITRINE_CLIPS")
    for path in sorted(Path(named).iterdir()) if named and Path(named).is_dir() else ():
        if path.suffix in CAMERA_TYPES or (
            path.is_dir() and any(f.suffix in PICTURES for f in path.iterdir())
        ):
            yield path.stem, asyncio.run(_frames(path))
        elif path.suffix in VIDEO_TYPES and (ffmpeg := shutil.which("ffmpeg")):
            with TemporaryDirectory() as name:
                words = [ffmpeg, "-v", "error", "-i", path, "-frames:v", MAX_FRAMES, Path(name) / "%03d.png"]
                subprocess.run([str(word) for word in words], check=True)
                yield path.stem, asyncio.run(_frames(Path(name)))
        else:
            types = ", ".join(CAMERA_TYPES if shutil.which("ffmpeg") is None else CAMERA_TYPES + VIDEO_TYPES)
            progress(f"{path.name} is left out: a clip is a folder of pictures or one of {types}")


async def _frames(path: Path) -> list[Array]:
    frames: list[Array] = []
    async for frame in Camera.open(path).frames():
        frames.append(frame.picture)
        if len(frames) == MAX_FRAMES:
            break
    return frames
