"""Names of a gallery's characters, where their pictures are, and what a damaged file does. Loads nothing."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from app.core.characters import Character, Names, to_percent
from app.core.gallery import Match
from tests.support.fakes import GALLERY, MINE

TEXT = json.dumps(
    {
        "sets": [
            {"title": "Plants", "licence": "CC BY 4.0", "credit": "Ada: Plants"},
            {"title": "Stones"},
            {"title": "Stones", "licence": "CC0 1.0", "credit": ""},
        ],
        "characters": [[f"No. {n}", n % 3] for n in range(100)],
    }
)


def test_a_character_has_a_name_and_a_place_on_a_sheet() -> None:
    names = Names.read(GALLERY, TEXT)
    assert asdict(names.answer(Match("characters", 64 + 8 * 3 + 5, 0.614))) == {
        "key": "characters/93", "name": "No. 93", "set": "Plants", "similarity": 61,
        "design": "Design: Ada: Plants, CC BY 4.0",
        "sheet": "galleries/b.webp", "x": 5, "y": 3, "columns": 8, "rows": 8,
    }  # fmt: skip
    assert [names.characters[n].design for n in (1, 2)] == ["", "Design: CC0 1.0"]


def test_the_visitors_own_have_keys_and_no_sheet() -> None:
    mine = Names(MINE, [Character("Aunt", "Your own pictures")], ["a1b2"])
    assert asdict(mine.answer(Match("own", 0, 1.0))) == {
        "key": "own/a1b2", "name": "Aunt", "set": "Your own pictures", "similarity": 100, "design": "",
        "sheet": "", "x": 0, "y": 0, "columns": 1, "rows": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "\ud800", '{"sets": [], "characters": [["A", 0]]}', '{"sets": 1, "characters": 2}',
     '{"sets": [{"title": "A"}], "characters": [["A"]]}'],
)  # fmt: skip
def test_damaged_names_are_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^the names of Characters are damaged$"):
        Names.read(GALLERY, text)


def test_a_percentage_stays_one() -> None:
    shown = [to_percent(value) for value in (-1.0, -2.0, 0.0, 0.614, 1.0, 1.0000002)]
    assert shown == [0, 0, 0, 61, 100, 100]
