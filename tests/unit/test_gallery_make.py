"""Making galleries: pictures become sheets, names and indexes, once for the same pictures.

Does not need Node or a published model: the pictures are drawn here, the classifier is a small graph.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from app.core.card import ModelCard
from app.core.gallery import OWN, Gallery, Index
from app.native.engine import opened_graph
from publish import gallery_command
from publish.gallery import card, characters, make, pictures, registry
from tests.support.gallery_inputs import check_progress, face


def made(source: Path, classifiers: list[ModelCard], out: Path, cache: Path) -> Gallery:
    return make.make(card.read(source), classifiers, out, check_progress, cache)


def test_a_folder_becomes_a_gallery(folder: Path, small: ModelCard, out: Path, tmp_path: Path) -> None:
    gallery = made(folder, [small], out, tmp_path / "cache")
    assert (gallery.id, gallery.title, gallery.count) == ("our-town", "Our town", 6)
    names = json.loads((out / gallery.names.path).read_bytes())
    assert [row["title"] for row in names["sets"]] == ["Our town", "The others"]
    assert names["characters"] == [[f"ada {n}", 0] for n in range(4)] + [["Zoë", 1], ["ada 0", 1]]
    assert len(gallery.sheets) == 1
    sheet = Image.open(BytesIO((out / gallery.sheets[0].path).read_bytes()))
    assert sheet.size == (gallery.columns * gallery.size, gallery.rows * gallery.size)
    for file in (gallery.names, *gallery.sheets):
        assert (out / file.path).stat().st_size == file.bytes
    assert gallery.report["refused"] == 1
    text = gallery_command.format_report("our-town", make.report("our-town", tmp_path / "cache"))
    assert "6 characters (Our town 4, The others 2)" in text
    assert "Our town/broken.jpg is" in text and "notes" not in text


def test_every_character_is_nearest_to_itself(
    folder: Path, small: ModelCard, out: Path, tmp_path: Path
) -> None:
    from publish.gallery.features import Classifier

    gallery = made(folder, [small], out, tmp_path / "cache")
    classifier = Classifier(small, out)
    files = characters.find_files(card.read(folder))
    rows = [
        row for row in characters.list_characters(card.read(folder), files, {}) if row.file.stem != "broken"
    ]
    for backend in ("wasm", "wasm-ort", "webgl"):
        variant = gallery.index("small", backend)
        assert variant
        session = opened_graph(out, variant.graphs[0])
        index = Index(gallery.id, gallery.count, session)
        for n, row in enumerate(rows):
            features = classifier.embed(pictures.crop_square(pictures.load(row.file)))[None]
            _, near = asyncio.run(
                index.nearest(features, session.blank((1, 196)), session.tensor([0.0], (1,)))
            )
            assert near[0].n == n and near[0].similarity > 0.99


def test_the_same_pictures_give_the_same_bytes(
    folder: Path, small: ModelCard, out: Path, tmp_path: Path
) -> None:
    one = made(folder, [small], out, tmp_path / "one")
    two = made(folder, [small], out, tmp_path / "two")
    assert one == two  # paths hold hashes


def test_a_cached_gallery_is_not_made_again(
    folder: Path, small: ModelCard, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(folder, [small], out, tmp_path / "cache")
    (out / first.names.path).unlink()
    opened: list[Path] = []
    monkeypatch.setattr(pictures, "load", opened.append)
    assert made(folder, [small], out, tmp_path / "cache") == first
    assert (out / first.names.path).is_file() and not opened
    monkeypatch.undo()
    face(6).save(folder / "ada_9.png")
    assert made(folder, [small], out, tmp_path / "cache").count == 7
    assert len(list((tmp_path / "cache").iterdir())) == 1  # the gallery made before is deleted


def test_a_further_classifier_adds_its_index_alone(
    folder: Path, small: ModelCard, out: Path, tmp_path: Path
) -> None:
    first = made(folder, [small], out, tmp_path / "cache")
    second = made(folder, [small, replace(small, id="other")], out, tmp_path / "cache")
    assert second.sheets == first.sheets and set(second.indexes) == {"small", "other"}


def test_without_a_classifier_it_is_missing(added_file: Path, folder: Path, out: Path) -> None:
    gone = make.make(card.read(folder), [], out, check_progress)
    assert gone.missing and not gone.count and not gone.sheets
    lines: list[str] = []
    galleries = registry.galleries([], out, lambda text, share: lines.append(text))
    assert [each.id for each in galleries] == ["characters"]  # and no gallery for own pictures
    assert lines == ["characters is left out: A gallery needs a classifier, and this build has none."]


def test_the_visitors_own_pictures_have_a_gallery(small: ModelCard, out: Path, tmp_path: Path) -> None:
    gallery = registry.user_gallery([small], out, tmp_path / "cache")
    assert gallery and gallery.id == OWN and not gallery.names.path
    variant = gallery.index("small", "wasm")
    assert variant
    assert sum((out / file.path).stat().st_size for file in variant.graphs[0].files) == variant.bytes
    session = opened_graph(out, variant.graphs[0])
    assert session.inputs["gallery"] == (gallery.count, 196)
    assert registry.user_gallery([small], out, tmp_path / "cache") == gallery
