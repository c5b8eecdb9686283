"""The visitor's own pictures: added, compared with, kept by the browser, taken away, exported and imported.

Does not test what a file may hold: tests/unit/test_own.py does.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from tests import alike
from tests.page.conftest import Begin
from tests.page.drive import START, Visit
from tests.page.test_lookalike import cards, saved, show

reason = alike.missing() or ("" if alike.has_own() else "this build has no index of own pictures")
pytestmark = pytest.mark.skipif(bool(reason), reason=reason or "it is")

COUNT = "document.querySelectorAll('#own-list li').length"


def others(folder: Path) -> list[Path]:
    """Three pictures: the portrait's face mirrored, the same in grey, and one without a face."""
    face = Image.fromarray(alike.photo())
    plain = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    rows = {"Mirror": ImageOps.mirror(face), "Grey": face.convert("L"), "Plain": plain}
    for name, picture in rows.items():
        picture.save(folder / f"{name}.png")
    return [folder / f"{name}.png" for name in rows]


def add(visit: Visit, files: list[Path], count: int) -> None:
    if visit.page.locator("#mine details").get_attribute("open") is None:
        visit.page.locator("#mine summary").click()
    visit.page.locator("#own-add").set_input_files(files)
    visit.until(lambda: visit.page.evaluate(COUNT) == count, f"{count} own pictures", START)


def test_own_pictures_are_compared_with_and_come_back(begin: Begin, tmp_path: Path) -> None:
    visit = begin()
    visit.open(task="lookalike", backend="wasm")
    photo = saved(tmp_path, alike.photo())
    show(visit, photo)
    assert visit.control("Gallery").locator("option[value=own]").is_disabled()
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    add(visit, [*others(tmp_path), tmp_path / "broken.jpg"], 3)
    assert (
        visit.noted("broken.jpg") == "broken.jpg could not be read as a picture. PNG, JPEG, WebP, AVIF can."
    )
    visit.control("Gallery").select_option("own")
    visit.until(lambda: len(cards(visit)) == 3, "three cards", START)
    own = cards(visit)
    assert {name for _, name, _ in own} == {"Mirror", "Grey", "Plain"}
    assert own[0][1] in ("Mirror", "Grey")
    assert own[0][2] > own[2][2]
    assert "gallery=own" in visit.page.url
    visit.control("Gallery").select_option("all")
    visit.until(lambda: len(cards(visit)) == 5, "five cards of both", START)
    assert cards(visit)[0][0] == own[0][0], "oneself is nearer than any character"

    visit.page.reload()
    visit.begun()
    assert visit.notes() == []
    assert visit.control("Gallery").input_value() == "all"
    assert visit.page.evaluate(COUNT) == 3
    show(visit, photo)
    assert cards(visit)[0] == own[0]

    visit.control("Gallery").select_option("own")
    visit.page.locator("#mine summary").click()
    for name in ("Mirror", "Grey", "Plain"):
        visit.page.get_by_role("button", name=f"Remove {name}").click()
    visit.until(lambda: visit.control("Gallery").input_value() not in ("own", "all"), "the gallery there was")
    visit.page.reload()
    visit.begun()
    assert visit.page.evaluate(COUNT) == 0


def test_own_pictures_go_from_one_browser_to_another(begin: Begin, tmp_path: Path) -> None:
    visit = begin()
    visit.open(task="lookalike", backend="wasm")
    add(visit, others(tmp_path), 3)
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Export").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert [row["name"] for row in json.loads(file.read_text())["pictures"]] == ["Mirror", "Grey", "Plain"]

    another = begin()
    another.open(task="lookalike", backend="wasm", source="sample")
    another.page.locator("#mine summary").click()
    for data in (b"{", b"[" * 1000, file.read_bytes().replace(b'"thumb":"', b'"thumb":"A')):
        (tmp_path / "bad.json").write_bytes(data)
        another.page.locator("#own-import").set_input_files(tmp_path / "bad.json")
        another.noted("holds no pictures from this page")
        another.page.get_by_role("button", name="Dismiss").last.click()
    assert another.page.evaluate(COUNT) == 0
    for _ in range(2):  # twice the same is there once
        another.page.locator("#own-import").set_input_files(file)
        another.until(lambda: another.page.evaluate(COUNT) == 3, "the pictures imported")
    another.control("Gallery").select_option("own")
    another.until(lambda: len(cards(another)) == 3, "three cards", START)
