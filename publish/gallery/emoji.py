"""Names emoji by Unicode's names of their code points.

Does not know every sequence: Python has no names for sequences, so a table here has the common jobs.
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
INVISIBLE = {0x200D, 0xFE0F}  # zero-width joiner, and the selector of the picture form
GENDERS = {0x2640: "woman", 0x2642: "man"}
# The job that an object after a person stands for: emoji-zwj-sequences.txt of Unicode 16.
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
# Unicode's names of these have one sex only or are out of use.
MODERN_NAMES = {
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


def code_points(stem: str) -> tuple[int, ...]:
    """The code points of a file name like "1f468-1f3fd-200d-1f373". Raises ValueError for any other name."""
    if not re.fullmatch(r"[0-9a-f]{4,6}(-[0-9a-f]{4,6})*", stem):
        raise ValueError(f"{stem} is not a list of code points")
    points = tuple(int(part, 16) for part in stem.split("-"))
    if max(points) > 0x10FFFF:
        raise ValueError(f"{stem} is not a list of code points")
    return points


def name(stem: str) -> str:
    """The name of "1f468-1f3fd-200d-1f373" is "Man cook, medium skin". Raises ValueError without a name."""
    points = [code for code in code_points(stem) if code not in INVISIBLE]
    first, tones = points[0], [TONES[code] for code in points if code in TONES]
    rest = [code for code in points[1:] if code not in TONES]
    jobs = [JOBS[code] for code in rest if code in JOBS]
    genders = [GENDERS[code] for code in rest if code in GENDERS]
    other = [_unicode_name(code) for code in rest if code not in JOBS and code not in GENDERS]
    base = ", ".join([" ".join([_unicode_name(first), *jobs]), *other])
    base = MODERN_NAMES.get(base, base)
    whole = ", ".join([base, *genders, *(f"{tone} skin" for tone in tones)])
    return whole[0].upper() + whole[1:]


def _unicode_name(code: int) -> str:
    name = unicodedata.name(chr(code), "").lower().removeprefix("emoji component ")
    if not name:
        raise ValueError(f"{code:x} has no name in Python's Unicode tables")
    return MODERN_NAMES.get(name, name)


def pick_tones(stems: Iterable[str], tones: int) -> list[str]:
    """Pick `tones` of the skin tones of each emoji, in turn, so that all tones occur; 0 means all."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for stem in stems:
        groups.setdefault(tuple(c for c in code_points(stem) if c not in TONES), []).append(stem)
    picked, turn = [], 0
    for group in groups.values():
        group.sort()
        if not tones or len(group) <= tones:
            picked += group
            continue
        picked += sorted({group[(turn + n * len(group) // tones) % len(group)] for n in range(tones)})
        turn += 1
    return picked
