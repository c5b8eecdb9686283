"""Which galleries a build has, and the command that adds one: what is remembered, and what is not.

Does not pack dist/.
"""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path

import pytest

import publish.pack.dist
from app.core.card import ModelCard
from app.core.errors import UserError
from app.core.gallery import OWN, to_dict
from publish.gallery import __main__, characters, make, registry
from tests.support.gallery_given import face


def test_galleries_are_remembered(kept: Path, folder: Path, tmp_path: Path) -> None:
    assert registry.add(folder).id == "our-town"
    before = registry.fingerprint()
    assert registry.add(folder, "Town").id == "our-town"  # the same source
    (tmp_path / "more" / "our town").mkdir(parents=True)
    face(1).save(tmp_path / "more" / "our town" / "a.png")
    assert registry.add(tmp_path / "more" / "our town").id == "our-town-2"
    (tmp_path / "characters").mkdir()
    face(1).save(tmp_path / "characters" / "a.png")
    assert registry.add(tmp_path / "characters").id == "characters-2"
    assert [row.title for row in registry.added()] == ["Town", "", ""]
    assert registry.fingerprint() != before
    before = registry.fingerprint()
    face(7).save(folder / "ada_7.png")
    assert registry.fingerprint() != before  # so that the next build makes it anew
    registry.remove("our-town")
    assert [row.id for row in registry.added()] == ["our-town-2", "characters-2"]
    with pytest.raises(UserError, match=r"No gallery our-town was added\. What was added: our-town-2, char"):
        registry.remove("our-town")
    kept.write_text("{")
    assert registry.added() == []


def test_a_source_that_is_gone_is_left_out(
    kept: Path, folder: Path, small: ModelCard, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "DEFAULT", folder)
    row = registry.add(folder / "The others")
    for file in (folder / "The others").iterdir():
        file.unlink()
    (folder / "The others").rmdir()
    said: list[str] = []
    found = registry.galleries([small], out, lambda text, share: said.append(text))
    gone = found[1]
    assert gone.id == row.id and gone.missing == registry.ABSENT
    assert str(folder) not in json.dumps(list(map(to_dict, found)))  # dist/ names no path of this machine
    assert found[0].count == 4 and found[-1].id == OWN
    assert registry.why(gone.id).startswith(f"There is no {row.source}. Give a folder of pictures, or ")
    assert any(text == f"the-others is left out: {registry.why(gone.id)}" for text in said)


def styled(folder: Path, npm: str) -> Path:
    """A card of one style."""
    card = folder / "styled.toml"
    card.write_text(f'[[set]]\ntitle = "Faces"\nnpm = "{npm}"\nnames = "Ada Bob"\n')
    return card


def test_a_style_that_is_not_installed_is_refused(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    styled(tmp_path, "@dicebear/nobody")
    assert __main__.main(["styled.toml"]) == 1
    told = capsys.readouterr().err.strip()
    assert told.startswith("Faces: @dicebear/nobody is not in node_modules; add the package to package.json")
    assert registry.added() == []


def test_a_style_that_is_gone_later_is_left_out(
    kept: Path, folder: Path, small: ModelCard, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been remembered must not end every later build, nor the question whether one is needed."""
    monkeypatch.setattr(registry, "DEFAULT", folder)
    row = registry.Added("styled", str(styled(out, "@dicebear/nobody")))
    registry.put([row])
    before = registry.fingerprint()
    found = registry.galleries([small], out, lambda text, share: None)
    assert [bool(each.missing) for each in found] == [False, True, False]
    assert "@dicebear/nobody is not in node_modules" in registry.why("styled")
    found_by = characters.found  # as if the package went away between two looks at it
    monkeypatch.setattr(characters, "found", lambda card: {} if card.id == "styled" else found_by(card))
    assert registry.fingerprint() != before
    assert registry.galleries([small], out, lambda text, share: None)[1].missing
    assert "Delete node_modules" in registry.why("styled")


def test_a_full_disk_is_not_a_gallery_that_is_missing(
    kept: Path, folder: Path, small: ModelCard, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(make, "make", full)
    with pytest.raises(OSError, match="No space left"):
        registry.galleries([small], out, lambda text, share: None)


@pytest.mark.parametrize("error", [UserError("No models."), OSError("gone"), KeyboardInterrupt()])
def test_a_build_that_ends_early_remembers_nothing(
    kept: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def pack() -> None:
        raise error

    monkeypatch.setattr(publish.pack.dist, "pack", pack)
    assert __main__.main([folder.name]) in (1, 130)
    assert registry.added() == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("nowhere", "There is no .*nowhere. Give a folder of pictures"),
        ("empty", "There are no pictures for empty: a folder needs .avif, .bmp"),
        ("notes.txt", "notes.txt is neither a folder of pictures nor a gallery's card"),
    ],
)
def test_the_command_ends_in_a_sentence(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str, sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert __main__.main([given]) == 1
    told = capsys.readouterr().err.strip()
    assert re.match(sentence, told) and "\n" not in told
    assert registry.added() == []


def test_the_command_lists_and_removes(kept: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main([]) == 0
    assert "No gallery was added" in capsys.readouterr().out
    registry.add(folder)
    assert __main__.main([]) == 0
    assert capsys.readouterr().out.startswith("our-town: ")
    assert __main__.main(["--remove", "our-town"]) == 0
    assert registry.added() == []
    assert __main__.main(["--remove", "our-town"]) == 1


def test_a_gallery_without_a_usable_picture_is_not_remembered(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.heic").write_bytes(b"ftypheic")
    monkeypatch.setattr(registry, "built", lambda id: {"id": "bad", "missing": registry.ABSENT})
    monkeypatch.setattr(
        registry, "why", lambda id: "No picture of bad can be used: bad/a.heic is no picture."
    )
    assert __main__.main(["bad"]) == 1
    assert "bad/a.heic is no picture" in capsys.readouterr().err
    assert registry.added() == []
