"""Every character of a gallery looked at once: laid on the sheets, and seen by each classifier.

Does not name characters and does not make indexes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.core.card import ModelCard
from app.core.errors import UserError
from app.core.gallery import File
from publish.files import sha256, write
from publish.gallery import FOLDER, pictures
from publish.gallery.card import Card
from publish.gallery.characters import Character
from publish.gallery.faces import Faces
from publish.gallery.features import Classifier

SIDE = 160  # pixels of a picture on a sheet: sharp on a card of 80, and large enough to share
FEW = 2000  # characters up to which a sheet has 4 x 4, 65 kB, so that five answers take 0.3 MB; above, 8 x 8
AHEAD = 16  # pictures looked at side by side, and between two lines of progress

Features = NDArray[np.float32]


@dataclass
class Seen:
    """What was found: the characters that could be used, and of the others the file and the reason."""

    side: int  # columns and rows of a sheet
    size: int = SIDE  # pixels of a picture on it
    taken: list[Character] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    sheets: list[File] = field(default_factory=list)
    features: dict[str, Features] = field(default_factory=dict)  # [n,m] by classifier


def see(
    card: Card,
    rows: Sequence[Character],
    models: Sequence[ModelCard],
    classifiers: Sequence[ModelCard],
    out: Path,
    folder: Path,
    say: Callable[[str, float], None],
) -> Seen:
    """Look at every character; sheets are written to folder/galleries. Raises UserError where none is usable.

    The face of a photograph is cut out as the page does it, with the `models` of the build in `out`.
    """
    seen = Seen(4 if len(rows) <= FEW else 8)
    sheets = pictures.Sheets(seen.side, seen.side, SIDE)
    loaded = [Classifier(each, out) for each in classifiers]
    faces: Faces | None = None
    if card.photos:
        with suppress(LookupError):
            faces = Faces(models, classifiers, out)
    found: list[list[Features]] = [[] for _ in loaded]

    def look(row: Character) -> tuple[Image.Image, list[Features]] | str:
        """A character in the sheet's size and as each classifier sees it; or why it is left out."""
        try:
            image = pictures.opened(row.file)
            face = faces.see(image) if faces and pictures.opaque(image) else None
            square = face[0] if face else pictures.square(image, row.crop)
        except pictures.Unfit as error:
            return str(error)
        return sheets.small(square), face[1] if face else [each.see(square) for each in loaded]

    def put(data: bytes | None) -> None:
        if data is not None:
            path = f"{FOLDER}/{card.id}.{sha256(data)[:8]}.webp"
            write(folder / path, data)
            seen.sheets.append(File(path, len(data)))

    # Pillow and onnxruntime let go of the interpreter's lock, so threads use all cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), AHEAD):
            say(f"{card.title}, {start} of {len(rows)} characters", start / len(rows))
            some = rows[start : start + AHEAD]
            for row, looked in zip(some, pool.map(look, some), strict=True):
                if isinstance(looked, str):
                    seen.refused.append((f"{card.sets[row.set].title}/{row.file.name}", looked))
                    continue
                seen.taken.append(row)
                put(sheets.add(looked[0]))
                for each, one in zip(found, looked[1], strict=True):
                    each.append(one)
    put(sheets.end())
    if not seen.taken:
        (name, why), *_ = seen.refused
        raise UserError(f"No picture of {card.title} can be used: {name} {why}.")
    seen.features = {each.id: np.stack(rows) for each, rows in zip(classifiers, found, strict=True)}
    return seen
