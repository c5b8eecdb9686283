"""The galleries of a build and the command that adds one: which sources are remembered and which are not.

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
from publish import gallery_command
from publish.gallery import characters, make, registry
from tests.support.gallery_inputs import face


def test_added_galleries_are_remembered(added_file: Path, folder: Path, tmp_path: Path) -> None:
    assert registry.add(folder).id == "our-town"
    before = registry.fingerprint()
    assert registry.add(folder, "Town").id == "our-town"  # the same source
    (tmp_path / "more" / "our town").mkdir(parents=True)
    face(1).save(tmp_path / "more" / "our town" / "a.png")
    assert registry.add(tmp_path / "more" / "our town").id == "our-town-2"
    (tmp_path / "characters").mkdir()
    face(1).save(tmp_path / "characters" / "a.png")
    assert registry.add(tmp_path / "characters").id == "characters-2"
    assert [row.title for row in registry.added_galleries()] == ["Town", "", ""]
    assert registry.fingerprint() != before
    before = registry.fingerprint()
    face(7).save(folder / "ada_7.png")
    assert registry.fingerprint() != before  # so the next build makes it again
    registry.remove("our-town")
    assert [row.id for row in registry.added_galleries()] == ["our-town-2", "characters-2"]
    with pytest.raises(
        UserError, match=r"no added gallery our-town\. The added galleries are: our-town-2, char"
    ):
        registry.remove("our-town")
    added_file.write_text("{")
    assert registry.added_galleries() == []


def test_a_deleted_source_is_left_out(
    added_file: Path, folder: Path, small: ModelCard, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "DEFAULT", folder)
    row = registry.add(folder / "The others")
    for file in (folder / "The others").iterdir():
        file.unlink()
    (folder / "The others").rmdir()
    lines: list[str] = []
    found = registry.galleries([small], out, lambda text, share: lines.append(text))
    gone = found[1]
    assert gone.id == row.id and gone.missing == registry.UNAVAILABLE
    assert str(folder) not in json.dumps(list(map(to_dict, found)))  # dist/ names no path of this machine
    assert found[0].count == 4 and found[-1].id == OWN
    reason = registry.reason_missing(gone.id)
    assert reason.startswith(f"There is no {row.source}. Give a folder of pictures, or ")
    assert f"the-others is left out: {reason}" in lines


def styled(folder: Path, npm: str) -> Path:
    """A card of one style."""
    card = folder / "styled.toml"
    card.write_text(f'[[set]]\ntitle = "Faces"\nnpm = "{npm}"\nnames = "Ada Bob"\n')
    return card


def test_a_style_that_is_not_installed_is_rejected(
    added_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    styled(tmp_path, "@dicebear/nobody")
    assert gallery_command.main(["styled.toml"]) == 1
    error = capsys.readouterr().err.strip()
    assert error.startswith("Faces: @dicebear/nobody is not in node_modules. Add the package to package.json")
    assert registry.added_galleries() == []


def test_a_style_that_is_removed_later_is_left_out(
    added_file: Path, folder: Path, small: ModelCard, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remembered gallery must not stop later builds, nor the check whether dist/ is current."""
    monkeypatch.setattr(registry, "DEFAULT", folder)
    row = registry.AddedGallery("styled", str(styled(out, "@dicebear/nobody")))
    registry.save([row])
    before = registry.fingerprint()
    found = registry.galleries([small], out, lambda text, share: None)
    assert [bool(each.missing) for each in found] == [False, True, False]
    assert "@dicebear/nobody is not in node_modules" in registry.reason_missing("styled")
    find_files = characters.find_files  # as if the package were removed between two calls
    monkeypatch.setattr(
        characters, "find_files", lambda card: {} if card.id == "styled" else find_files(card)
    )
    assert registry.fingerprint() != before
    assert registry.galleries([small], out, lambda text, share: None)[1].missing
    assert "Delete node_modules" in registry.reason_missing("styled")


def test_a_full_disk_does_not_make_a_gallery_missing(
    added_file: Path, folder: Path, small: ModelCard, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(make, "make", full)
    with pytest.raises(OSError, match="No space left"):
        registry.galleries([small], out, lambda text, share: None)


@pytest.mark.parametrize("error", [UserError("No models."), OSError("gone"), KeyboardInterrupt()])
def test_a_build_that_ends_early_remembers_nothing(
    added_file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def pack() -> None:
        raise error

    monkeypatch.setattr(publish.pack.dist, "pack", pack)
    assert gallery_command.main([folder.name]) in (1, 130)
    assert registry.added_galleries() == []


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere", "There is no .*nowhere. Give a folder of pictures"),
        (
            "empty",
            "There are no pictures for empty. Give a folder with files of .* types: .avif, .bmp",
        ),
        ("notes.txt", "notes.txt is neither a folder of pictures nor a gallery's card"),
    ],
)
def test_the_command_ends_with_a_sentence(
    added_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert gallery_command.main([source]) == 1
    error = capsys.readouterr().err.strip()
    assert re.match(sentence, error) and "\n" not in error
    assert registry.added_galleries() == []


def test_the_command_lists_and_removes(
    added_file: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gallery_command.main([]) == 0
    assert "No gallery has been added" in capsys.readouterr().out
    registry.add(folder)
    assert gallery_command.main([]) == 0
    assert capsys.readouterr().out.startswith("our-town: ")
    assert gallery_command.main(["--remove", "our-town"]) == 0
    assert registry.added_galleries() == []
    assert gallery_command.main(["--remove", "our-town"]) == 1


def test_a_gallery_without_a_usable_picture_is_not_remembered(
    added_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.heic").write_bytes(b"ftypheic")
    monkeypatch.setattr(registry, "manifest_row", lambda id: {"id": "bad", "missing": registry.UNAVAILABLE})
    monkeypatch.setattr(
        registry, "reason_missing", lambda id: "No picture of bad can be used: bad/a.heic is no picture."
    )
    assert gallery_command.main(["bad"]) == 1
    assert "bad/a.heic is no picture" in capsys.readouterr().err
    assert registry.added_galleries() == []
