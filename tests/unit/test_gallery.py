"""Galleries at build time: cards, pictures within bounds, sheets, names, and what is remembered.

Does not need Node or a published model: pictures are made here, the classifier is a small graph.
"""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image, ImageDraw

import publish.pack
from app.card import Graph, Input, ModelCard, Variant
from app.gallery import OWN, Gallery, Index
from app.native.session import Session
from models.cutout import GREY
from publish.gallery import DEFAULT, Refused, __main__, card, characters, emoji, make, pictures, shelf

SEES = """<ir_version: 8, opset_import: ["" : 17]>
small (uint8[1,224,224,4] rgba) => (float[1,196] features)
<int64[6] blocks = {1, 7, 32, 7, 32, 4}, int64[2] row = {1, 196}> {
    values = Cast<to = 1>(rgba)
    cut = Reshape(values, blocks)
    means = ReduceMean<axes = [2, 4], keepdims = 0>(cut)
    features = Reshape(means, row)
}"""


def quiet(text: str, share: float) -> None:
    assert text and 0 <= share <= 1


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A dist/ with one classifier."""
    (tmp_path / "dist" / "models").mkdir(parents=True)
    model = onnx.parser.parse_model(SEES).SerializeToString()
    (tmp_path / "dist" / "models" / "small.onnx").write_bytes(model)
    return tmp_path / "dist"


@pytest.fixture
def small(out: Path) -> ModelCard:
    data = (out / "models" / "small.onnx").read_bytes()
    graph = Graph("models/small.onnx", len(data), f"{zlib.crc32(data):064x}")
    variant = Variant("fp32", ("wasm", "webgpu"), (graph,))
    return ModelCard("small", "Small", "classifier", "", "", Input(224, 224, "crop"), (0, 0), (variant,))


def face(n: int, size: tuple[int, int] = (120, 120)) -> Image.Image:
    """A disc of its own colour with two eyes, on nothing."""
    image = Image.new("RGBA", size)
    draw = ImageDraw.Draw(image)
    x, y = size[0] // 2, size[1] // 2
    draw.ellipse((x - 40, y - 40, x + 40, y + 40), fill=(40 * n % 256, 255 - 30 * n % 256, 90 * n % 256, 255))
    draw.rectangle((x - 30, y - 20 + 5 * n, x - 10, y + 5 * n), fill="black")
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six faces, two of them in a subfolder, and what is left out."""
    found = tmp_path / "Our town"
    (found / "The others").mkdir(parents=True)
    for n in range(4):
        face(n).save(found / f"ada_{n}.png")
    face(4).save(found / "The others" / "ada_0.webp")
    face(5).convert("RGB").save(found / "The others" / "Zoë.jpg")
    (found / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    (found / "notes.txt").write_text("not a picture, and not called one")
    return found


def made(source: Path, classifiers: list[ModelCard], out: Path, cache: Path) -> Gallery:
    return make.make(card.read(source), classifiers, out, quiet, cache)


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
    told = __main__.told("our-town", make.report("our-town", tmp_path / "cache"))
    assert "6 characters (Our town 4, The others 2)" in told
    assert "Our town/broken.jpg is" in told and "notes" not in told


def test_every_character_is_nearest_to_itself(
    folder: Path, small: ModelCard, out: Path, tmp_path: Path
) -> None:
    from publish.gallery.features import Classifier

    gallery = made(folder, [small], out, tmp_path / "cache")
    classifier = Classifier(small, out)
    files = characters.found(card.read(folder))
    rows = [row for row in characters.characters(card.read(folder), files, {}) if row.file.stem != "broken"]
    for backend in ("wasm", "webgl"):
        variant = gallery.index("small", backend)
        assert variant
        session = Session((out / variant.graphs[0].path).read_bytes())
        index = Index(gallery.id, gallery.count, session)
        for n, row in enumerate(rows):
            seen = classifier.see(pictures.square(pictures.opened(row.file)))[None]
            _, near = asyncio.run(index.nearest(seen, session.blank((1, 196)), session.tensor([0.0], (1,))))
            assert near[0].n == n and near[0].likeness > 0.99


def test_the_same_pictures_give_the_same_bytes(
    folder: Path, small: ModelCard, out: Path, tmp_path: Path
) -> None:
    one = made(folder, [small], out, tmp_path / "one")
    two = made(folder, [small], out, tmp_path / "two")
    assert one == two  # paths hold hashes


def test_what_is_made_is_not_made_again(
    folder: Path, small: ModelCard, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(folder, [small], out, tmp_path / "cache")
    (out / first.names.path).unlink()
    opened: list[Path] = []
    monkeypatch.setattr(pictures, "opened", opened.append)
    assert made(folder, [small], out, tmp_path / "cache") == first
    assert (out / first.names.path).is_file() and not opened
    monkeypatch.undo()
    face(6).save(folder / "ada_9.png")
    assert made(folder, [small], out, tmp_path / "cache").count == 7
    assert len(list((tmp_path / "cache").iterdir())) == 1  # what was made before is gone


def test_a_further_classifier_adds_its_index_alone(
    folder: Path, small: ModelCard, out: Path, tmp_path: Path
) -> None:
    first = made(folder, [small], out, tmp_path / "cache")
    second = made(folder, [small, replace(small, id="other")], out, tmp_path / "cache")
    assert second.sheets == first.sheets and set(second.indexes) == {"small", "other"}


def test_without_a_classifier_it_is_missing(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = make.make(card.read(folder), [], out, quiet)
    assert gone.missing and not gone.count and not gone.sheets
    monkeypatch.setattr(shelf, "KEPT", folder / "none.json")
    said: list[str] = []
    found = shelf.galleries([], out, lambda text, share: said.append(text))
    assert [each.id for each in found] == ["characters"]  # and none for own pictures
    assert said == ["characters is left out: a gallery needs a classifier, and this build has none"]


def test_own_pictures_have_a_gallery(small: ModelCard, out: Path, tmp_path: Path) -> None:
    gallery = shelf.own([small], out, tmp_path / "cache")
    assert gallery and gallery.id == OWN and not gallery.names.path
    variant = gallery.index("small", "wasm")
    assert variant and (out / variant.graphs[0].path).stat().st_size == variant.bytes
    session = Session((out / variant.graphs[0].path).read_bytes())
    assert session.inputs["gallery"] == (gallery.count, 196)
    assert shelf.own([small], out, tmp_path / "cache") == gallery


DATA = struct.pack(">I", 400) + b"IDAT" + b"\0" * 404


def png(width: int, height: int) -> bytes:
    """The head of a PNG that claims to be so large."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + DATA


@pytest.mark.parametrize("size", [(8000, 7000), (30_000, 30_000), (2_000_000, 2_000_000)])
def test_huge_pictures_are_refused_undecoded(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(png(*size))
    with pytest.raises(pictures.Unfit, match="more than 50 megapixels: save it smaller"):
        pictures.opened(tmp_path / "a.png")


def broken(kind: str) -> bytes:
    """A picture of a kind, cut in the middle."""
    noise = Image.effect_noise((300, 300), 90)
    out = BytesIO()
    noise.save(out, kind)
    return out.getvalue()[: len(out.getvalue()) // 2]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no picture"),
        (b"\0" * 3000, "no picture"),
        (b"<svg/>", "no picture"),
        (png(300, 300), "damaged"),
        (broken("PNG"), "damaged"),
        (broken("JPEG"), "damaged"),
        (broken("WEBP"), "damaged|no picture"),
    ],
)
def test_damaged_pictures_are_refused(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(pictures.Unfit, match=why):
        pictures.opened(tmp_path / "a.png")


def test_pictures_without_a_subject_are_refused(tmp_path: Path) -> None:
    for image, why in (
        (Image.new("RGB", (8, 90), "red"), "only 8 × 90 pixels"),
        (Image.new("RGB", (90, 90), "red"), "one colour"),
        (Image.new("RGBA", (90, 90)), "fully transparent"),
    ):
        image.save(tmp_path / "a.png")
        with pytest.raises(pictures.Unfit, match=why):
            pictures.square(pictures.opened(tmp_path / "a.png"))


def test_exif_turns_a_picture(tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 100), "blue")
    image.paste((255, 0, 0), (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    image.save(tmp_path / "a.jpg", exif=exif)
    shown = pictures.opened(tmp_path / "a.jpg")
    assert shown.size == (100, 200)
    top, bottom = np.asarray(shown)[50, 50], np.asarray(shown)[150, 50]
    assert top[0] > 200 > 60 > top[2] and bottom[2] > 200 > 60 > bottom[0]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16", "RGB", "RGBA"])
def test_every_kind_of_pixels_is_read(tmp_path: Path, mode: str) -> None:
    levels = np.linspace(0, 255, 64 * 64).reshape(64, 64).astype(np.uint8)
    image = Image.fromarray(levels.astype(np.uint16) * 257) if mode == "I;16" else None
    image = image or Image.fromarray(levels).convert("RGB").convert(mode)
    name = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    image.save(name)
    found = np.asarray(pictures.opened(name))
    assert found.shape == (64, 64, 4) and found[..., 3].min() == 255
    assert found[-8:, :, :3].mean() > 180 > 60 > found[:8, :, :3].mean()


def test_the_subject_is_in_the_middle_and_whole() -> None:
    image = Image.new("RGBA", (300, 200))
    image.paste("red", (200, 40, 260, 140))
    found = pictures.square(image)
    box = found.getchannel("A").getbbox()
    assert found.width == found.height and box
    left, top, right, bottom = box
    assert abs(left - (found.width - right)) <= 1 and abs(top - (found.height - bottom)) <= 1
    assert (right - left, bottom - top) == (60, 100) and top > 0


def test_shoulders_stay_at_the_lower_edge() -> None:
    image = Image.new("RGBA", (200, 200))
    image.paste("red", (50, 60, 150, 200))
    box = pictures.square(image).getchannel("A").getbbox()
    assert box and box[3] == pictures.square(image).height and box[1] > 0


def test_a_tall_photo_keeps_its_upper_part() -> None:
    image = Image.new("RGBA", (100, 300), "blue")
    image.paste("red", (0, 50, 100, 100))
    found = pictures.square(image)
    assert found.size == (100, 100) and np.asarray(found)[:40, :, 0].min() == 255


def test_the_classifier_sees_grey_behind() -> None:
    seen = pictures.laid(pictures.square(face(3)), 224, 224, "uint8")
    assert seen.shape == (1, 224, 224, 4) and seen.dtype == np.uint8 and seen[..., 3].min() == 255
    assert np.array_equal(seen[0, 0, 0, :3], [GREY] * 3)
    assert pictures.laid(face(3), 224, 224, "float32").dtype == np.float32


def test_sheets_hold_pictures_in_order() -> None:
    sheets = pictures.Sheets(2, 2, 16)
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)]
    squares = [Image.new("RGBA", (40, 40), (*colour, 255)) for colour in colours]
    found = [sheets.add(sheets.small(square)) for square in squares]
    assert [data is not None for data in found] == [False, False, False, True, False]
    assert found[3]
    whole = np.asarray(Image.open(BytesIO(found[3])).convert("RGB")).astype(int)
    for n, colour in enumerate(colours[:4]):
        assert np.abs(whole[16 * (n // 2) + 8, 16 * (n % 2) + 8] - colour).max() < 40
    last = sheets.end()
    assert last and sheets.end() is None
    alpha = np.asarray(Image.open(BytesIO(last)).convert("RGBA"))[..., 3]
    assert alpha[:16, :16].min() == 255 and alpha[16:].max() == 0  # what is not used is transparent


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
        ('[[set]]\ntitle = "a"\nfolder = "."\ntones = "b"', "tones is a number"),
        ('[[set]]\ntitle = "a"\nfolder = "."\neach = "b"', "each is a list"),
    ],
)
def test_a_wrong_card_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(Refused, match=sentence) as refused:
        card.read(tmp_path / "mine.toml")
    assert str(refused.value).startswith("mine.toml")


def test_ids_are_words_of_the_page_that_are_free() -> None:
    assert card.slug("Our Town (2024)!") == "our-town-2024"
    assert card.slug("Ünï") == "n"
    assert card.slug("!!!") == "gallery"
    assert card.slug("own") not in ("own", "all")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own list of added galleries; packing does nothing."""
    monkeypatch.setattr(shelf, "KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(shelf, "MADE", tmp_path / "made")
    monkeypatch.setattr(make, "MADE", tmp_path / "made")
    monkeypatch.setenv("VITRINE_FROM", str(tmp_path))
    monkeypatch.setattr(publish.pack, "pack", lambda: None)
    return tmp_path / "kept.json"


def test_galleries_are_remembered(kept: Path, folder: Path, tmp_path: Path) -> None:
    assert shelf.add(folder).id == "our-town"
    before = shelf.fingerprint()
    assert shelf.add(folder, "Town").id == "our-town"  # the same source
    (tmp_path / "more" / "our town").mkdir(parents=True)
    face(1).save(tmp_path / "more" / "our town" / "a.png")
    assert shelf.add(tmp_path / "more" / "our town").id == "our-town-2"
    (tmp_path / "characters").mkdir()
    face(1).save(tmp_path / "characters" / "a.png")
    assert shelf.add(tmp_path / "characters").id == "characters-2"
    assert [row.title for row in shelf.added()] == ["Town", "", ""]
    assert shelf.fingerprint() != before
    before = shelf.fingerprint()
    face(7).save(folder / "ada_7.png")
    assert shelf.fingerprint() != before  # so that the next build makes it anew
    shelf.remove("our-town")
    assert [row.id for row in shelf.added()] == ["our-town-2", "characters-2"]
    with pytest.raises(Refused, match=r"No gallery our-town was added\. What was added: our-town-2, char"):
        shelf.remove("our-town")
    kept.write_text("{")
    assert shelf.added() == []


def test_a_source_that_is_gone_is_left_out(
    kept: Path, folder: Path, small: ModelCard, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "DEFAULT", folder)
    row = shelf.add(folder / "The others")
    for file in (folder / "The others").iterdir():
        file.unlink()
    (folder / "The others").rmdir()
    said: list[str] = []
    found = shelf.galleries([small], out, lambda text, share: said.append(text))
    assert [(each.id, bool(each.missing)) for each in found][1] == (row.id, True)
    assert found[0].count == 4 and found[-1].id == OWN
    assert any(text.startswith("the-others is left out: There is no ") for text in said)


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
    import re

    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert __main__.main([given]) == 1
    told = capsys.readouterr().err.strip()
    assert re.match(sentence, told) and "\n" not in told
    assert shelf.added() == []


def test_the_command_lists_and_removes(kept: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main([]) == 0
    assert "No gallery was added" in capsys.readouterr().out
    shelf.add(folder)
    assert __main__.main([]) == 0
    assert capsys.readouterr().out.startswith("our-town: ")
    assert __main__.main(["--remove", "our-town"]) == 0
    assert shelf.added() == []
    assert __main__.main(["--remove", "our-town"]) == 1


def test_a_gallery_without_a_usable_picture_is_not_remembered(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.heic").write_bytes(b"ftypheic")
    row = {"id": "bad", "missing": "No picture of bad can be used: bad/a.heic is no picture."}
    monkeypatch.setattr(shelf, "built", lambda id: row)
    assert __main__.main(["bad"]) == 1
    assert "bad/a.heic is no picture" in capsys.readouterr().err
    assert shelf.added() == []
