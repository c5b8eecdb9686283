"""A gallery's card, its id and the names of its characters; the sentences about a wrong card.

Does not open pictures.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import UserError
from publish.gallery import DEFAULT, card, characters, emoji
from tests.support.gallery_inputs import face


def test_names_of_files_and_of_emoji() -> None:
    assert characters.display_name("ada_lovelace") == "ada lovelace"
    assert characters.display_name("a\u202eb\tc") == "a b c"
    assert len(characters.display_name("x" * 300)) == card.MAX_LENGTH
    assert emoji.name("1f600") == "Grinning face"
    assert emoji.name("1f468-1f3fd-200d-1f373") == "Man cook, medium skin"
    assert emoji.name("1f473-1f3fb-200d-2640-fe0f") == "Person with turban, woman, light skin"
    assert emoji.name("1f469-1f3ff-200d-1f9b0") == "Woman, red hair, dark skin"
    for wrong in ("smile", "110000", "e000", "1f468-", ""):
        with pytest.raises(ValueError, match=r"code points|no name"):
            emoji.name(wrong)


def test_tones_come_in_turns() -> None:
    stems = [f"{person}-1f3f{tone}" for person in ("1f466", "1f467", "1f468", "1f469") for tone in "bcdef"]
    found = emoji.pick_tones(stems, 2)
    assert len(found) == 8 and len(set(found)) == 8
    assert {stem[-1] for stem in found} == set("bcdef")
    assert emoji.pick_tones(stems, 0) == stems


def test_names_are_unique_within_a_set(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a_.png"):
        face(1).convert("RGB").save(tmp_path / name)
    one = card.read(tmp_path)
    rows = characters.list_characters(one, characters.find_files(one), {})
    assert [row.name for row in rows] == ["a", "a (2)", "a (3)"]


def test_the_default_card_is_read() -> None:
    default = card.read(DEFAULT)
    assert default.id == "characters" and len(default.sets) > 12
    drawn = [name for item in default.sets if item.generated for name in item.names.split()]
    assert len(drawn) == len(set(drawn)) > 450
    assert all(each.licence in ("MIT", "CC0 1.0", "CC BY 4.0") and each.credit for each in default.sets)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title = ", "is not valid TOML"),
        ('title = "x"', r"has no \[\[set\]\]"),
        ("set = 3", r"has no \[\[set\]\]"),
        ('colour = "x"\n[[set]]\ntitle = "a"', "colour is not a known key. The keys are: set, title"),
        ('[[set]]\ntitle = "a"', "must have either folder or npm"),
        ('[[set]]\nfolder = "x"', "has no title"),
        ('[[set]]\ntitle = "a"\nfolder = "nowhere"', "no folder nowhere beside the card"),
        ('[[set]]\ntitle = "a"\nnpm = "../x"\npath = "y"', "must be the name of an npm package"),
        ('[[set]]\ntitle = "a"\nnpm = "x"\npath = "../y"', "path must be a folder inside the package"),
        ('[[set]]\ntitle = "a"\nnpm = "x"', "give names, one for each character"),
        ('[[set]]\ntitle = 3\nnpm = "x"', "title must be text"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [0, 1]', "crop must be"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [0, 0, 1e-6]', "side must be from 0.05 to 2"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [0, 0, 1e6]', "side must be from 0.05 to 2"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [-3, 0, 1]', "left and top from -2 to 2"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ncrop = [0, nan, 1]', "left and top from -2 to 2"),
        (
            '[[set]]\ntitle = "a"\nnpm = "x"\nnames = "b"\noptions.c = 2026-01-01',
            "option c must be",
        ),
        ('[[set]]\ntitle = "a"\nnpm = "x"\nnames = "b"\noptions.c = ["d", inf]', "option c must be text"),
        ('[[set]]\ntitle = "a"\nnpm = "x"\nnames = "b"\noptions.c = { d = 1 }', "option c must be text"),
        ('[[set]]\ntitle = "a"\nfolder = "."\ntones = "b"', "tones must be a whole number"),
        ('[[set]]\ntitle = "a"\nfolder = "."\neach = "b"', "each must be a list"),
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
