"""The characters of a card's sets: which picture each is and what it is called.

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
from publish.gallery.card import LONG, UNICODE, Card, Set

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
MOST = 100_000  # what the index is measured for (docs/lookalike.md)
UNREAD = {".heic", ".heif", ".jxl", ".svg", ".psd", ".dng"}  # pictures too: they are refused by name


@dataclass(frozen=True)
class Character:
    """One picture to be: its name and the number of its set."""

    name: str
    set: int
    file: Path
    crop: tuple[float, float, float]


def found(card: Card) -> dict[int, list[Path]]:
    """By a set's place the picture files of the sets that are not drawn, in order. Raises UserError."""
    for each in card.sets:
        if each.npm and not (NODE_MODULES / each.npm / "package.json").is_file():
            raise UserError(
                f"{each.title}: {each.npm} is not in node_modules; add the package to package.json and "
                "package-lock.json."
            )
    files = {n: _files(each) for n, each in enumerate(card.sets) if not each.drawn}
    if not any(files.values()) and not any(each.drawn for each in card.sets):
        raise UserError(
            f"There are no pictures for {card.title}: a folder needs {', '.join(sorted(SUFFIXES))}."
        )
    total = sum(map(len, files.values())) + sum(len(s.names.split()) for s in card.sets if s.drawn)
    if total > MOST:
        raise UserError(f"{card.title} has {total:,} pictures; at most {MOST:,} can be compared in time.")
    return files


def characters(card: Card, files: Mapping[int, Sequence[Path]], drawn: Mapping[int, Path]) -> list[Character]:
    """Every character of the card, set by set; names are unique within a set."""
    rows = []
    for n, each in enumerate(card.sets):
        if each.drawn:
            pairs = [(name, drawn[n] / f"{k}.png") for k, name in enumerate(each.names.split())]
        elif each.names == UNICODE:
            pairs = [(emoji.name(file.stem), file) for file in files[n]]
        else:
            pairs = [(said(file.stem), file) for file in files[n]]
        taken: dict[str, int] = {}
        for name, file in pairs:
            taken[name] = taken.get(name, 0) + 1
            unique = f"{name} ({taken[name]})" if taken[name] > 1 else name
            rows.append(Character(unique, n, file, each.crop))
    return rows


def said(stem: str) -> str:
    """A file's name as a character's: "ada_lovelace" is "ada lovelace"."""
    shown = "".join(c if c.isprintable() else " " for c in re.sub(r"[_\s]+", " ", stem))
    return " ".join(shown.split())[:LONG] or "?"


def _files(each: Set) -> list[Path]:
    folder = each.folder or NODE_MODULES / each.npm / each.path
    if not folder.is_dir():
        raise UserError(
            f"{each.title}: the package {each.npm} has no folder {each.path}."
            if each.npm
            else f"{each.title}: the folder {folder} is no longer there."
        )
    chosen = sorted(filter(_picture, folder.iterdir()), key=lambda path: path.name)
    stems = [path.stem for path in chosen]
    if each.pick:
        stems = [stem for pattern in each.pick for stem in stems if fnmatchcase(stem, pattern)]
        lost = [p for p in each.pick if not any(fnmatchcase(path.stem, p) for path in chosen)]
        if lost:
            raise UserError(f"{each.title}: no picture is called {lost[0]}.")
    if each.names == UNICODE:
        try:
            stems = emoji.toned(stems, each.tones)
        except ValueError as error:
            raise UserError(f"{each.title}: {error}.") from None
    if not (each.pick or each.names == UNICODE):
        return chosen
    by_stem = {path.stem: path for path in chosen}
    return [by_stem[stem] for stem in dict.fromkeys(stems)]


def _picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES | UNREAD and not path.name.startswith(".") and path.is_file()
