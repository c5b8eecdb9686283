"""Embeds every character of a gallery in one pass: onto the sheets, and into features by each classifier.

Does not name characters and does not make indexes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
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
from publish import Progress
from publish.files import sha256, write
from publish.gallery import FOLDER, pictures
from publish.gallery.card import GalleryCard
from publish.gallery.characters import CharacterPicture
from publish.gallery.faces import Faces
from publish.gallery.features import Classifier

SIDE = 160  # pixels of a picture on a sheet: sharp on a card of 80 pixels, and large enough to share
SMALL_GALLERY = 2000  # characters; sheets are then 4 x 4 (65 kB, so five answers load 0.3 MB), above 8 x 8
BATCH = 16  # pictures embedded in parallel, and between two lines of progress

Features = NDArray[np.float32]


@dataclass
class Embeddings:
    """The usable characters with sheets and features, and the file and reason of each rejected picture."""

    grid: int  # columns, and rows, of a sheet
    side: int = SIDE  # pixels of a picture on a sheet
    characters: list[CharacterPicture] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    sheets: list[File] = field(default_factory=list)
    features: dict[str, Features] = field(default_factory=dict)  # [n,m] by the classifier's id


def embed_characters(
    card: GalleryCard,
    rows: Sequence[CharacterPicture],
    models: Sequence[ModelCard],
    classifiers: Sequence[ModelCard],
    out: Path,
    folder: Path,
    progress: Progress,
) -> Embeddings:
    """Embed every character and write the sheets to folder/galleries. Raises UserError if none is usable.

    The face of a photograph is cut out as the page does it, with the `models` of the build in `out`.
    """
    result = Embeddings(4 if len(rows) <= SMALL_GALLERY else 8)
    sheets = pictures.Sheets(result.grid, result.grid, SIDE)
    loaded = [Classifier(classifier, out) for classifier in classifiers]
    faces: Faces | None = None
    if card.may_have_photos:
        with suppress(LookupError):
            faces = Faces(models, classifiers, out)
    features: list[list[Features]] = [[] for _ in loaded]

    def embed(row: CharacterPicture) -> tuple[Image.Image, list[Features]] | str:
        """A character at the sheet's size and its features by each classifier; or why it is rejected."""
        try:
            image = pictures.load(row.file)
            face = faces.embed(image) if faces and pictures.is_opaque(image) else None
            square = face[0] if face else pictures.crop_square(image, row.crop)
        except pictures.PictureError as error:
            return str(error)
        vectors = face[1] if face else [classifier.embed(square) for classifier in loaded]
        return sheets.scale(square), vectors

    def put(data: bytes | None) -> None:
        if data is not None:
            path = f"{FOLDER}/{card.id}.{sha256(data)[:8]}.webp"
            write(folder / path, data)
            result.sheets.append(File(path, len(data)))

    # Pillow and onnxruntime release the interpreter's lock, so threads use all cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), BATCH):
            progress(f"{card.title}, {start} of {len(rows)} characters", start / len(rows))
            batch = rows[start : start + BATCH]
            for row, embedded in zip(batch, pool.map(embed, batch), strict=True):
                if isinstance(embedded, str):
                    result.rejected.append((f"{card.sets[row.set].title}/{row.file.name}", embedded))
                    continue
                small, vectors = embedded
                result.characters.append(row)
                put(sheets.add(small))
                for column, vector in zip(features, vectors, strict=True):
                    column.append(vector)
    put(sheets.finish())
    if not result.characters:
        (name, reason), *_ = result.rejected
        raise UserError(f"No picture of {card.title} can be used: {name} {reason}.")
    for classifier, column in zip(classifiers, features, strict=True):
        result.features[classifier.id] = np.stack(column)
    return result
