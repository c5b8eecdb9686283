"""A gallery's card, the names of its characters and its id; what is wrong with a card, in a sentence.

Does not open pictures.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import UserError
from publish.gallery import DEFAULT, card, characters, emoji
from tests.support.gallery_given import face


def test_names_of_files_and_of_emoji() -> None:
    assert characters.said("ada_lovelace") == "ada lovelace"
    assert characters.said("a\u202eb\tc") == "a b c"
    assert len(characters.said("x" * 300)) == card.LONG
    assert emoji.name("1f600") == "Grinning face"
    assert emoji.name("1f468-1f3fd-200d-1f373") == "Man cook, medium skin"
    assert emoji.name("1f473-1f3fb-200d-2640-fe0f") == "Person with turban, woman, light skin"
    assert emoji.name("1f469-1f3ff-200d-1f9b0") == "Woman, red hair, dark skin"
    for wrong in ("smile", "110000", "e000", "1f468-", ""):
        with pytest.raises(ValueError, match=r"code points|no name"):
            emoji.name(wrong)


def test_tones_come_in_turns() -> None:
    stems = [f"{person}-1f3f{tone}" for person in ("1f466", "1f467", "1f468", "1f469") for tone in "bcdef"]
    found = emoji.toned(stems, 2)
    assert len(found) == 8 and len(set(found)) == 8
    assert {stem[-1] for stem in found} == set("bcdef")
    assert emoji.toned(stems, 0) == stems


def test_names_are_unique_within_a_set(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a_.png"):
        face(1).convert("RGB").save(tmp_path / name)
    one = card.read(tmp_path)
    rows = characters.characters(one, characters.found(one), {})
    assert [row.name for row in rows] == ["a", "a (2)", "a (3)"]


def test_the_default_card_is_read() -> None:
    default = card.read(DEFAULT)
    assert default.id == "characters" and len(default.sets) > 12
    drawn = [name for each in default.sets if each.drawn for name in each.names.split()]
    assert len(drawn) == len(set(drawn)) > 450
    assert all(each.licence in ("MIT", "CC0 1.0", "CC BY 4.0") and each.credit for each in default.sets)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title = ", "is not TOML"),
        ('title = "x"', r"has no \[\[set\]\]"),
        ("set = 3", r"has no \[\[set\]\]"),
        ('colour = "x"\n[[set]]\ntitle = "a"', "colour is not known; what there is: set, title"),
        ('[[set]]\ntitle = "a"', "give either folder or npm"),
        ('[[set]]\nfolder = "x"', "has no title"),
        ('[[set]]\ntitle = "a"\nfolder = "nowhere"', "no folder nowhere beside the card"),
        ('[[set]]\ntitle = "a"\nnpm = "../x"\npath = "y"', "not the name of an npm package"),
        ('[[set]]\ntitle = "a"\nnpm = "x"\npath = "../y"', "path is a folder inside the package"),
        ('[[set]]\ntitle = "a"\nnpm = "x"', "a style needs names"),
        ('[[set]]\ntitle = 3\nnpm = "x"', "title is text"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [0, 1]', "crop is"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [0, 0, 1e-6]', "side is from 0.05 to 2"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [0, 0, 1e6]', "side is from 0.05 to 2"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [-3, 0, 1]', "the others are at most 2"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [0, nan, 1]', "the others are at most 2"),
        (
            '[[set]]\ntitle = "a"\nnpm = "x"\nnames = "b"\noptions.c = 2026-01-01',
            "the option c is",
        ),
        ('[[set]]\ntitle = "a"\nnpm = "x"\nnames = "b"\noptions.c = ["d", inf]', "the option c is text"),
        ('[[set]]\ntitle = "a"\nnpm = "x"\nnames = "b"\noptions.c = { d = 1 }', "the option c is text"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ntones = "b"', "tones is a number"),
        ('[[set]]\ntitle = "a"\nfolder = "."\neach = "b"', "each is a list"),
    ],
)
def test_a_wrong_card_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(UserError, match=sentence) as refused:
        card.read(tmp_path / "mine.toml")
    assert str(refused.value).startswith("mine.toml")


def test_ids_are_words_of_the_page_that_are_free() -> None:
    assert card.slug("Our Town (2024)!") == "our-town-2024"
    assert card.slug("Ünï") == "n"
    assert card.slug("!!!") == "gallery"
    assert card.slug("own") not in ("own", "all")
