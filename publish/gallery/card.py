"""A gallery's card: where its pictures are, how they are drawn or chosen, their names and whose they are.

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

RESERVED = (OWN, ALL)  # what the Settings calls galleries that no build has
LONG = 80  # characters of a title or a name
# What may be looked at of a picture, in its sides: of 1,024 pixels a twentieth is 51, and two sides are four
# times the memory.
SIDE, OUTSIDE = (0.05, 2.0), 2.0
UNICODE = "unicode"


@dataclass(frozen=True)
class Set:
    """Pictures of one origin, with one licence.

    They lie in `folder`, or in `path` of the npm package `npm`; without a path, the package is a style of
    DiceBear, which draws one for each of `names`. `names` "unicode": a file is named by its code points.
    """

    title: str
    folder: Path | None = None
    npm: str = ""
    path: str = ""
    licence: str = ""
    credit: str = ""
    names: str = ""
    pick: tuple[str, ...] = ()  # patterns of file names without suffix; none: all
    tones: int = 0  # of an emoji's five skin tones so many, in turns; 0: all
    crop: tuple[float, float, float] = (0.0, 0.0, 1.0)  # left, top, side of the square, in sides
    each: tuple[str, ...] = ()  # options of a style of which the n-th drawing has the n-th value
    options: Mapping[str, Any] = field(default_factory=dict)  # of a style; the rest is by chance

    @property
    def drawn(self) -> bool:
        """Whether its pictures are drawn, not found."""
        return bool(self.npm and not self.path)


@dataclass(frozen=True)
class Card:
    """A gallery to be. `file` is its card; None where it is a folder of pictures."""

    id: str
    title: str
    sets: tuple[Set, ...]
    file: Path | None = None

    @property
    def photos(self) -> bool:
        """Whether there may be photographs among its pictures: where they are the user's own files."""
        return any(each.folder for each in self.sets)


def read(source: Path, id: str = "", title: str = "") -> Card:
    """The card of a folder of pictures (a subfolder is a set) or of a .toml file. Raises UserError."""
    name = id or slug(source.stem if source.is_file() else source.name)
    if source.is_dir():
        return Card(name, title or _short(source.name), _folders(source))
    if not source.exists():
        raise UserError(f"There is no {source}. Give a folder of pictures, or a gallery's card (.toml).")
    if source.suffix != ".toml":
        raise UserError(f"{source.name} is neither a folder of pictures nor a gallery's card (.toml).")
    try:
        data = tomllib.loads(source.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{source.name} is not TOML: {error}.") from None
    rows = data.get("set")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise UserError(
            f"{source.name} has no [[set]]: give at least one, with title, folder, licence, credit."
        )
    _known(source.name, data, {"title", "set"})
    sets = tuple(_set(row, source, n) for n, row in enumerate(rows, 1))
    return Card(name, title or _short(_text(data, "title", source.name) or source.stem), sets, source)


def slug(name: str) -> str:
    """A gallery's id from a name: a word in the page's URL."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "gallery"
    return f"{word}-1" if word in RESERVED else word


def _folders(source: Path) -> tuple[Set, ...]:
    """The folder's own pictures as one set, and a set for each subfolder."""
    below = sorted(p for p in source.iterdir() if p.is_dir() and not p.name.startswith("."))
    return tuple(Set(_short(folder.name), folder) for folder in (source, *below))


def _set(row: Mapping[str, Any], card: Path, n: int) -> Set:
    where = f"{card.name}, set {n}"
    _known(where, row, set(Set.__dataclass_fields__))
    words = {key: _text(row, key, where) for key in ("title", "npm", "path", "licence", "credit", "names")}
    folder = _text(row, "folder", where)
    if bool(folder) == bool(words["npm"]):
        raise UserError(f"{where}: give either folder or npm.")
    if not words["title"]:
        raise UserError(f"{where} has no title.")
    if words["npm"] and not re.fullmatch(r"(@[\w.-]+/)?[\w-][\w.-]*", words["npm"]):
        raise UserError(f"{where}: {words['npm']} is not the name of an npm package.")
    if ".." in PurePosixPath(words["path"]).parts or words["path"].startswith("/"):
        raise UserError(f"{where}: path is a folder inside the package.")
    if words["npm"] and not words["path"] and not words["names"].split():
        raise UserError(
            f"{where}: a style needs names, one for each character; a package of pictures needs path."
        )
    if folder and not (card.parent / folder).is_dir():
        raise UserError(f"{where}: there is no folder {folder} beside the card.")
    tones, crop = row.get("tones", 0), row.get("crop", [0, 0, 1])
    each, options = row.get("each", []), row.get("options", {})
    if not isinstance(tones, int) or not 0 <= tones <= 5:
        raise UserError(f"{where}: tones is a number from 0 to 5.")
    if not _square(crop):
        raise UserError(
            f"{where}: crop is [left, top, side], in sides of the picture; side is from {SIDE[0]} to "
            f"{SIDE[1]:g}, the others are at most {OUTSIDE:g}."
        )
    if not (isinstance(each, list) and all(isinstance(v, str) for v in each) and isinstance(options, dict)):
        raise UserError(f"{where}: each is a list of options' names, options a table.")
    for key, value in options.items():
        if not all(map(_plain, value if isinstance(value, list) else [value])):
            raise UserError(f"{where}: the option {key} is text, a number, true, false or a list of these.")
    return Set(
        **words | {"title": _short(words["title"])},
        folder=(card.parent / folder).resolve() if folder else None,
        pick=tuple(_text(row, "pick", where).split()),
        tones=tones,
        crop=(crop[0], crop[1], crop[2]),
        each=tuple(each),
        options=options,
    )


def _square(crop: object) -> bool:
    """Whether it is left, top and side of a square that is not far larger or smaller than the picture."""
    if not (isinstance(crop, list) and len(crop) == 3 and all(type(v) in (int, float) for v in crop)):
        return False
    left, top, side = crop
    return bool(SIDE[0] <= side <= SIDE[1] and abs(left) <= OUTSIDE and abs(top) <= OUTSIDE)


def _plain(value: object) -> bool:
    """Whether Node can be told it: JSON has no dates, no "nan" and no "inf"."""
    return isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))


def _known(where: str, row: Mapping[str, Any], keys: set[str]) -> None:
    for key in row:
        if key not in keys:
            raise UserError(f"{where}: {key} is not known; what there is: {', '.join(sorted(keys))}.")


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise UserError(f"{where}: {key} is text.")
    return value


def _short(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONG] or "Pictures"
