"""The default gallery's pictures, distorted, and clips of people, for the look-alike task's figures.

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
READ = (".mjpeg", ".y4m")  # by app.native.camera; other files of VIDEO need ffmpeg
VIDEO = (".mp4", ".webm", ".mov", ".mpg", ".264", ".h264")
MOST = 75  # frames of a clip: three seconds of most


def originals(gallery: Gallery, count: int) -> Iterator[tuple[int, Image.Image]]:
    """(number, RGBA square) of `count` characters of the default gallery, spread evenly."""
    read = card.read(DEFAULT)
    rows = characters.list_characters(
        read, characters.find_files(read), avatars.draw(read.sets, lambda text, share: None)
    )
    table = json.loads((DIST / gallery.names.path).read_bytes())
    titles = [row["title"] for row in table["sets"]]
    by_name = {(row.name, read.sets[row.set].title): row for row in rows}
    for n in np.linspace(0, gallery.count - 1, count).round().astype(int):
        name, number = table["characters"][n]
        row = by_name[name, titles[number]]
        yield int(n), pictures.crop_square(pictures.load(row.file), row.crop)


def _seen(image: Image.Image) -> Array:
    """As the classifier is shown it: on grey, uint8 [224,224,3]."""
    return np.asarray(pictures.to_input(image, SIDE, SIDE, "uint8")[0, ..., :3], np.uint8)


def _crop(image: Image.Image, n: int) -> Array:
    edge = round(image.width * 0.1)
    return _seen(image.crop((edge, edge, image.width - edge, image.height - edge)))


def _colour(image: Image.Image, n: int) -> Array:
    rgba = np.asarray(image).astype(np.float32)
    rgba[..., :3] = 255 * (rgba[..., :3] / 255 * np.array([1.1, 0.95, 0.75], np.float32)) ** 0.8
    return _seen(Image.fromarray(np.clip(rgba, 0, 255).astype(np.uint8), "RGBA"))


def _half(image: Image.Image, n: int) -> Array:
    small = Image.fromarray(_seen(image)).resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _busy(image: Image.Image, n: int) -> Array:
    shelf = clip.room().crop((40 * n % 400, 100, 40 * n % 400 + SIDE, 100 + SIDE)).convert("RGBA")
    return np.asarray(Image.alpha_composite(shelf, image.resize((SIDE, SIDE))).convert("RGB"))


# What is done to a character -> the picture, of it and of how many came before.
DISTORTIONS: dict[str, Callable[[Image.Image, int], Array]] = {
    "as it is": lambda image, n: _seen(image),
    "crop: a tenth of each side is gone": _crop,
    "rotation by 10 degrees": lambda image, n: _seen(
        image.rotate(10 - 20 * (n % 2), Image.Resampling.BICUBIC)
    ),
    "colour: warm and light": _colour,
    "half resolution": _half,
    "before shelves of books": _busy,
}


def clips(say: Callable[[str], None]) -> Iterator[tuple[str, list[Array]]]:
    """(name, at most MOST frames [h,w,3] in a row) of each clip; `say` is told what cannot be read."""
    named = os.environ.get("VITRINE_CLIPS")
    for path in sorted(Path(named).iterdir()) if named and Path(named).is_dir() else ():
        if path.suffix in READ or (path.is_dir() and any(f.suffix in PICTURES for f in path.iterdir())):
            yield path.stem, asyncio.run(_frames(path))
        elif path.suffix in VIDEO and (ffmpeg := shutil.which("ffmpeg")):
            with TemporaryDirectory() as name:
                words = [ffmpeg, "-v", "error", "-i", path, "-frames:v", MOST, Path(name) / "%03d.png"]
                subprocess.run([str(word) for word in words], check=True)
                yield path.stem, asyncio.run(_frames(Path(name)))
        else:
            reads = ", ".join(READ if shutil.which("ffmpeg") is None else READ + VIDEO)
            say(f"{path.name} is left out: what is read here are folders of pictures and {reads}")


async def _frames(path: Path) -> list[Array]:
    found: list[Array] = []
    async for frame in Camera.open(path).frames():
        found.append(frame.picture)
        if len(found) == MOST:
            break
    return found
