"""Reads a gallery's card: its sets of pictures, how each is found or drawn, names, licences and authors.

Does not open pictures and does not draw.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any

from app.core.errors import UserError
from app.core.gallery import ALL, OWN

RESERVED = (OWN, ALL)  # ids that the setting `gallery` uses for galleries that are not in the build
MAX_LENGTH = 80  # characters of a title or a name
# Limits of `crop` in widths of the picture: a twentieth of 1,024 pixels is 51, two widths are four times the
# memory.
MIN_SIDE, MAX_SIDE, MAX_OFFSET = 0.05, 2.0, 2.0
UNICODE = "unicode"


@dataclass(frozen=True)
class PictureSet:
    """Pictures of one origin with one licence. The fields are the keys of a [[set]] in a card.

    The pictures are in `folder`, or in `path` of the npm package `npm`. Without `path` the package is a style
    of DiceBear, which draws an avatar for each of `names`. `names` "unicode": file names are code points.
    """

    title: str
    folder: Path | None = None
    npm: str = ""
    path: str = ""
    licence: str = ""
    credit: str = ""
    names: str = ""
    pick: tuple[str, ...] = ()  # patterns of file names without suffix; empty means all files
    tones: int = 0  # how many of an emoji's five skin tones to use, in turn; 0 means all
    crop: tuple[float, float, float] = (
        0.0,
        0.0,
        1.0,
    )  # left, top, side of the square, in picture widths
    each: tuple[str, ...] = ()  # options of a style whose n-th value the n-th avatar has
    options: Mapping[str, Any] = field(default_factory=dict)  # of a style; the others follow from the name

    @property
    def generated(self) -> bool:
        """Whether the pictures are avatars that a style draws, not files."""
        return bool(self.npm and not self.path)


@dataclass(frozen=True)
class GalleryCard:
    """The source of a gallery. `file` is the .toml file, or None if the source is a folder of pictures."""

    id: str
    title: str
    sets: tuple[PictureSet, ...]
    file: Path | None = None

    @property
    def may_have_photos(self) -> bool:
        """Whether photographs may be among the pictures: only the user's own files can be photographs."""
        return any(item.folder for item in self.sets)


def read(source: Path, id: str = "", title: str = "") -> GalleryCard:
    """The card of a folder of pictures (a subfolder is a set) or of a .toml file. Raises UserError."""
    id = id or slug(source.stem if source.is_file() else source.name)
    if source.is_dir():
        return GalleryCard(id, title or _short(source.name), _folders(source))
    if not source.exists():
        raise UserError(f"There is no {source}. Give a folder of pictures, or a gallery's card (.toml).")
    if source.suffix != ".toml":
        raise UserError(
            f"{source.name} is neither a folder of pictures nor a gallery's card (.toml). Give one."
        )
    try:
        data = tomllib.loads(source.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{source.name} is not valid TOML: {error}.") from None
    rows = data.get("set")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise UserError(
            f"{source.name} has no [[set]]: give at least one, with title, folder, licence, credit."
        )
    _check_keys(source.name, data, {"title", "set"})
    sets = tuple(_set(row, source, n) for n, row in enumerate(rows, 1))
    title = title or _short(_text(data, "title", source.name) or source.stem)
    return GalleryCard(id, title, sets, source)


def slug(name: str) -> str:
    """A gallery's id, which occurs in the page's URL, from a name."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "gallery"
    return f"{word}-1" if word in RESERVED else word


def _folders(source: Path) -> tuple[PictureSet, ...]:
    """A set for the pictures directly in the folder, and one for each subfolder."""
    subfolders = sorted(p for p in source.iterdir() if p.is_dir() and not p.name.startswith("."))
    return tuple(PictureSet(_short(folder.name), folder) for folder in (source, *subfolders))


def _set(row: Mapping[str, Any], card: Path, n: int) -> PictureSet:
    where = f"{card.name}, set {n}"
    _check_keys(where, row, set(PictureSet.__dataclass_fields__))
    words = {key: _text(row, key, where) for key in ("title", "npm", "path", "licence", "credit", "names")}
    folder = _text(row, "folder", where)
    if bool(folder) == bool(words["npm"]):
        raise UserError(f"{where} must have either folder or npm.")
    if not words["title"]:
        raise UserError(f"{where} has no title. Add one.")
    if words["npm"] and not re.fullmatch(r"(@[\w.-]+/)?[\w-][\w.-]*", words["npm"]):
        raise UserError(f"{where}: npm must be the name of an npm package, not {words['npm']}.")
    if ".." in PurePosixPath(words["path"]).parts or words["path"].startswith("/"):
        raise UserError(f"{where}: path must be a folder inside the package.")
    if words["npm"] and not words["path"] and not words["names"].split():
        raise UserError(
            f"{where}: give names, one for each character, for a style, or path for a package of pictures."
        )
    if folder and not (card.parent / folder).is_dir():
        raise UserError(f"{where}: there is no folder {folder} beside the card.")
    tones, crop = row.get("tones", 0), row.get("crop", [0, 0, 1])
    each, options = row.get("each", []), row.get("options", {})
    if not isinstance(tones, int) or not 0 <= tones <= 5:
        raise UserError(f"{where}: tones must be a whole number from 0 to 5.")
    if not _valid_crop(crop):
        raise UserError(
            f"{where}: crop must be [left, top, side] in widths of the picture; side must be from {MIN_SIDE} "
            f"to {MAX_SIDE:g}, left and top from -{MAX_OFFSET:g} to {MAX_OFFSET:g}."
        )
    if not (isinstance(each, list) and all(isinstance(v, str) for v in each) and isinstance(options, dict)):
        raise UserError(f"{where}: each must be a list of names of options, and options must be a table.")
    for key, value in options.items():
        if not all(map(_is_json, value if isinstance(value, list) else [value])):
            raise UserError(f"{where}: option {key} must be text, a number, true, false or a list of these.")
    return PictureSet(
        **words | {"title": _short(words["title"])},
        folder=(card.parent / folder).resolve() if folder else None,
        pick=tuple(_text(row, "pick", where).split()),
        tones=tones,
        crop=(crop[0], crop[1], crop[2]),
        each=tuple(each),
        options=options,
    )


def _valid_crop(crop: object) -> bool:
    """Whether `crop` is left, top and side of a square within the limits."""
    if not (isinstance(crop, list) and len(crop) == 3 and all(type(v) in (int, float) for v in crop)):
        return False
    left, top, side = crop
    return bool(MIN_SIDE <= side <= MAX_SIDE and abs(left) <= MAX_OFFSET and abs(top) <= MAX_OFFSET)


def _is_json(value: object) -> bool:
    """Whether JSON has this value: TOML also has dates, "nan" and "inf"."""
    return isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))


def _check_keys(where: str, row: Mapping[str, Any], keys: set[str]) -> None:
    for key in row:
        if key not in keys:
            raise UserError(f"{where}: {key} is not a known key. The keys are: {', '.join(sorted(keys))}.")


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise UserError(f"{where}: {key} must be text.")
    return value


def _short(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_LENGTH] or "Pictures"
