"""models.cards and models.fetch: what a card may say, and where its file may come from."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from models import cards, fetch
from models.cards import Card, CardError, Source

DATA = b"the published file"
SHA = hashlib.sha256(DATA).hexdigest()


def card(**changes: object) -> Card:
    given = {"sha256": SHA, "bytes": len(DATA), "sources": (Source("pack", "1.0", "a.bin"),), **changes}
    return replace(cards.read_all()[0], **given)  # type: ignore[arg-type]


def quiet(_: str) -> None:
    pass


def installed(folder: Path, data: bytes = DATA) -> Path:
    (folder / "pack").mkdir()
    (folder / "pack" / "a.bin").write_bytes(data)
    return folder


def test_the_cards_of_the_project_are_good() -> None:
    assert {"blazeface", "selfie", "selfie-landscape"} <= {one.id for one in cards.read_all()}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "segmenter"', 'kind = "oracle"', "one of segmenter, detector"),
        ("height = 144", "height = 0", "between 16 and 1024"),
        ("[mask]", "[musk]", "entry 'mask' is missing"),
        ('id = "selfie-landscape"', 'id = "x"', "not the file's name"),
        ('sha256 = "4', 'sha256 = "X', "64 small hexadecimal digits"),
        ('weights = "fp16"', 'weights = "int3"', "one of fp32, fp16"),
        ("scale = 0", "scale = -0", "above 0"),
        ("title =", "title", "not readable as TOML"),
    ],
)
def test_a_bad_card_is_one_sentence(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (cards.FOLDER / "selfie-landscape.toml").read_text("utf-8")
    path = tmp_path / "selfie-landscape.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(CardError, match=says) as error:
        cards.read(path)
    assert "selfie-landscape.toml" in str(error.value)


def test_an_npm_package_is_a_source(tmp_path: Path) -> None:
    data, source = fetch.fetch(card(), quiet, tmp_path / "cache", installed(tmp_path))
    assert (data, source) == (DATA, "npm pack 1.0: a.bin")


def test_another_file_under_the_name_is_refused_and_said(tmp_path: Path) -> None:
    with pytest.raises(fetch.Missing, match="another file is there: sha256"):
        fetch.fetch(card(), quiet, tmp_path / "cache", installed(tmp_path, b"forged"))


def test_a_missing_package_is_said(tmp_path: Path) -> None:
    with pytest.raises(fetch.Missing, match="the package is not installed"):
        fetch.fetch(card(), quiet, tmp_path / "cache", tmp_path)


def test_a_path_out_of_the_packages_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(DATA)
    (tmp_path / "node").mkdir()
    outside = card(sources=(Source("..", "1.0", "a.bin"),))
    with pytest.raises(fetch.Missing, match="leads out"):
        fetch.fetch(outside, quiet, tmp_path / "cache", tmp_path / "node")


def test_the_mirror_stands_in_for_urls_and_the_file_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(DATA)
    row = f'[[file]]\npath = "file"\nsha256 = "{SHA}"\nurl = "https://example.org/a.bin"\n'
    (tmp_path / "WEIGHTS.toml").write_text(row, "utf-8")
    monkeypatch.setenv("VITRINE_MIRROR", str(tmp_path))
    wanted = card(sources=(Source("pack", "1.0", "a.bin"), Source(url="https://example.org/a.bin")))
    cache = tmp_path / "cache"
    assert fetch.fetch(wanted, quiet, cache, tmp_path / "node")[0] == DATA
    monkeypatch.delenv("VITRINE_MIRROR")
    assert fetch.fetch(wanted, quiet, cache, tmp_path / "node")[0] == DATA  # from the cache, no network


def test_a_mirror_without_its_list_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_MIRROR", str(tmp_path))
    wanted = card(sources=(Source(url="https://example.org/a.bin"),))
    with pytest.raises(fetch.Missing, match=r"WEIGHTS.toml is not readable"):
        fetch.fetch(wanted, quiet, tmp_path / "cache", tmp_path)


def test_no_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VITRINE_MIRROR", raising=False)
    wanted = card(sources=(Source(url="https://127.0.0.1:1/a.bin"),))
    with pytest.raises(fetch.Missing, match="no answer"):
        fetch.fetch(wanted, quiet, tmp_path / "cache", tmp_path)
