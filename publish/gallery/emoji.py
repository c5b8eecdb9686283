"""What an emoji is called: by Unicode's names of its code points.

Does not know every emoji: what a sequence means as a whole is not in Python, so jobs stand in a table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

TONES = {
    0x1F3FB: "light",
    0x1F3FC: "medium-light",
    0x1F3FD: "medium",
    0x1F3FE: "medium-dark",
    0x1F3FF: "dark",
}
SILENT = {0x200D, 0xFE0F}  # the joiner, and "as a picture"
SIGNS = {0x2640: "woman", 0x2642: "man"}
# What a thing after a person makes of them: emoji-zwj-sequences.txt of Unicode 16.
JOBS = {
    0x1F33E: "farmer",
    0x1F373: "cook",
    0x1F384: "with a red cap",
    0x1F393: "student",
    0x1F3A4: "singer",
    0x1F3A8: "artist",
    0x1F3EB: "teacher",
    0x1F3ED: "factory worker",
    0x1F4BB: "technologist",
    0x1F4BC: "office worker",
    0x1F527: "mechanic",
    0x1F52C: "scientist",
    0x1F680: "astronaut",
    0x1F692: "firefighter",
    0x2695: "health worker",
    0x2696: "judge",
    0x2708: "pilot",
}
# Unicode named these when they had one sex only, or in words that nobody uses today.
TODAY = {
    "adult": "person",
    "bear face, snowflake": "polar bear",
    "bride with veil": "person with veil",
    "extraterrestrial alien": "alien",
    "father christmas": "Father Christmas",
    "guardsman": "guard",
    "man in tuxedo": "person in tuxedo",
    "man with turban": "person with turban",
    "mother christmas": "Mother Christmas",
    "moyai": "stone head",
    "person with blond hair": "blond person",
}


def codes(stem: str) -> tuple[int, ...]:
    """The code points of a file's name, "1f468-1f3fd-200d-1f373". Raises ValueError for another name."""
    if not re.fullmatch(r"[0-9a-f]{4,6}(-[0-9a-f]{4,6})*", stem):
        raise ValueError(f"{stem} is not a row of code points")
    found = tuple(int(part, 16) for part in stem.split("-"))
    if max(found) > 0x10FFFF:
        raise ValueError(f"{stem} is not a row of code points")
    return found


def name(stem: str) -> str:
    """The name of "1f468-1f3fd-200d-1f373": Man cook, medium skin. Raises ValueError where there is none."""
    points = [code for code in codes(stem) if code not in SILENT]
    first, tones = points[0], [TONES[code] for code in points if code in TONES]
    rest = [code for code in points[1:] if code not in TONES]
    jobs = [JOBS[code] for code in rest if code in JOBS]
    signs = [SIGNS[code] for code in rest if code in SIGNS]
    other = [_said(code) for code in rest if code not in JOBS and code not in SIGNS]
    told = ", ".join([" ".join([_said(first), *jobs]), *other])
    told = TODAY.get(told, told)
    whole = ", ".join([told, *signs, *(f"{tone} skin" for tone in tones)])
    return whole[0].upper() + whole[1:]


def _said(code: int) -> str:
    found = unicodedata.name(chr(code), "").lower().removeprefix("emoji component ")
    if not found:
        raise ValueError(f"{code:x} has no name here")
    return TODAY.get(found, found)


def toned(stems: Iterable[str], tones: int) -> list[str]:
    """Of each emoji so many of its skin tones, in turns, so that all tones come up; 0: all."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for stem in stems:
        groups.setdefault(tuple(c for c in codes(stem) if c not in TONES), []).append(stem)
    found, turn = [], 0
    for group in groups.values():
        group.sort()
        if not tones or len(group) <= tones:
            found += group
            continue
        found += sorted({group[(turn + n * len(group) // tones) % len(group)] for n in range(tones)})
        turn += 1
    return found
