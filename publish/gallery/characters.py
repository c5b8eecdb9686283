"""Lists the characters of a card's sets: the picture file of each, and its name.

Does not open pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from app.core.errors import UserError
from publish import NODE_MODULES
from publish.gallery import emoji
from publish.gallery.card import MAX_LENGTH, UNICODE, GalleryCard, PictureSet

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
UNREADABLE = {".heic", ".heif", ".jxl", ".svg", ".psd", ".dng"}  # pictures too: each is rejected by name
MAX_COUNT = 100_000  # characters that the index is measured for (docs/lookalike.md)


@dataclass(frozen=True)
class CharacterPicture:
    """The picture of one character. `set` is an index into the card's sets, `crop` that set's crop."""

    name: str
    set: int
    file: Path
    crop: tuple[float, float, float]


def find_files(card: GalleryCard) -> dict[int, list[Path]]:
    """The picture files of each set that is not generated, in order, by the set's index. Raises UserError."""
    for item in card.sets:
        if item.npm and not (NODE_MODULES / item.npm / "package.json").is_file():
            raise UserError(
                f"{item.title}: {item.npm} is not in node_modules. Add the package to package.json and "
                "package-lock.json."
            )
    files = {n: _files(item) for n, item in enumerate(card.sets) if not item.generated}
    if not any(files.values()) and not any(item.generated for item in card.sets):
        raise UserError(
            f"There are no pictures for {card.title}. Give a folder with files of one of these types: "
            f"{', '.join(sorted(SUFFIXES))}."
        )
    total = sum(map(len, files.values()))
    total += sum(len(item.names.split()) for item in card.sets if item.generated)
    if total > MAX_COUNT:
        raise UserError(f"{card.title} has {total:,} pictures. Give at most {MAX_COUNT:,}.")
    return files


def list_characters(
    card: GalleryCard, files: Mapping[int, Sequence[Path]], avatars: Mapping[int, Path]
) -> list[CharacterPicture]:
    """Every character of the card, set by set, with names that are unique within a set.

    `files` are those of `find_files`; `avatars` are the folders of avatars.draw.
    """
    rows = []
    for n, item in enumerate(card.sets):
        if item.generated:
            pairs = [(name, avatars[n] / f"{k}.png") for k, name in enumerate(item.names.split())]
        elif item.names == UNICODE:
            pairs = [(emoji.name(file.stem), file) for file in files[n]]
        else:
            pairs = [(display_name(file.stem), file) for file in files[n]]
        counts: dict[str, int] = {}
        for name, file in pairs:
            counts[name] = counts.get(name, 0) + 1
            unique = f"{name} ({counts[name]})" if counts[name] > 1 else name
            rows.append(CharacterPicture(unique, n, file, item.crop))
    return rows


def display_name(stem: str) -> str:
    """The name of a character from the name of its file: "ada_lovelace" becomes "ada lovelace"."""
    text = "".join(c if c.isprintable() else " " for c in re.sub(r"[_\s]+", " ", stem))
    return " ".join(text.split())[:MAX_LENGTH] or "?"


def _files(item: PictureSet) -> list[Path]:
    folder = item.folder or NODE_MODULES / item.npm / item.path
    if not folder.is_dir():
        raise UserError(
            f"{item.title}: the package {item.npm} has no folder {item.path}. Correct path in the card."
            if item.npm
            else f"{item.title}: the folder {folder} no longer exists. Restore it, or remove the gallery."
        )
    paths = sorted(filter(_is_picture, folder.iterdir()), key=lambda path: path.name)
    stems = [path.stem for path in paths]
    if item.pick:
        stems = [stem for pattern in item.pick for stem in stems if fnmatchcase(stem, pattern)]
        unmatched = [p for p in item.pick if not any(fnmatchcase(path.stem, p) for path in paths)]
        if unmatched:
            raise UserError(f"{item.title}: no picture matches {unmatched[0]}. Correct pick in the card.")
    if item.names == UNICODE:
        try:
            stems = emoji.pick_tones(stems, item.tones)
        except ValueError as error:
            raise UserError(f"{item.title}: {error}. Correct names in the card.") from None
    if not (item.pick or item.names == UNICODE):
        return paths
    by_stem = {path.stem: path for path in paths}
    return [by_stem[stem] for stem in dict.fromkeys(stems)]


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES | UNREADABLE and not path.name.startswith(".") and path.is_file()
