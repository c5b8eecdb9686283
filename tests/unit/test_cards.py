"""models.spec: reading cards, and the error for each broken rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.spec import cards
from models.spec.card import Card, CardError

IDS = (
    *("blazeface", "blazeface-full", "bodypix", "bodypix-075", "bodypix-100", "facemesh"),
    *("mobilenet-v2", "mobilenet-v2-qat", "movenet", "posenet", "selfie", "selfie-landscape"),
)


def own(id: str) -> Card:
    return cards.read(cards.FOLDER / f"{id}.toml")


def test_the_cards_of_the_project_are_good() -> None:
    assert set(IDS) <= {one.id for one in cards.read_all()}


@pytest.mark.parametrize("id", IDS)
def test_every_candidate_is_there(id: str) -> None:
    found = {(wanted.weights, backend) for wanted in own(id).variants for backend in wanted.backends}
    expected = {
        (weights, backend) for weights in ("fp32", "fp16", "int8") for backend in ("wasm-ort", "webgpu")
    }
    expected |= {("qdq", "wasm-ort"), ("half", "webgpu")}
    if id != "movenet":  # WebGL has none of its integer work
        expected |= {("fp32", "webgl"), ("fp16", "webgl")}
    assert found == expected


def test_the_sizes_are_bodypix_internal_resolutions() -> None:
    """body-pix 2.2, toValidInputResolution: floor(side / stride) * stride + 1 of the scaled 480 x 640."""
    for id in ("bodypix", "bodypix-075", "bodypix-100", "posenet"):
        card = own(id)
        found = {size.id: (size.input.height, size.input.width) for size in card.sizes}
        parts = {"low": 0.25, "medium": 0.5, "high": 0.75}
        assert found == {
            name: tuple(int(side * part) // 16 * 16 + 1 for side in (480, 640))
            for name, part in parts.items()
        }
        assert card.input == card.sizes[1].input


def test_a_source_may_name_other_outputs() -> None:
    card = own("facemesh")
    assert card.outputs == {"points": "conv2d_21", "presence": "conv2d_31"}
    other = card.of(card.sources[1])
    assert other.outputs == {"points": "Identity", "presence_probability": "Identity_2"}
    assert (other.scale, other.offset) == (card.scale, card.offset)


def test_a_source_may_want_another_range(tmp_path: Path) -> None:
    text = (cards.FOLDER / "facemesh.toml").read_text("utf-8")
    path = tmp_path / "facemesh.toml"
    path.write_text(text.replace('format = "tfjs"', 'format = "tfjs"\nscale = 0.5\noffset = -1.0'), "utf-8")
    card = cards.read(path)
    other = card.of(card.sources[1])
    assert (card.offset, other.scale, other.offset) == (0.0, 0.5, -1.0)


def test_files_are_called_as_the_model_calls_them() -> None:
    assert [file.name for file in own("bodypix").sources[0].files] == [
        "model-stride16.json",
        "group1-shard1of1.bin",
    ]
    assert [file.name for file in own("facemesh").sources[1].files] == ["model.json", "group1-shard1of1"]
    assert own("facemesh").sources[0].files[0].name == "face_landmark.tflite"


@pytest.mark.parametrize(
    ("id", "old", "new", "says"),
    [
        ("selfie", 'kind = "segmenter"', 'kind = "oracle"', "one of segmenter, detector"),
        ("selfie", "height = 256", "height = 0", "between 16 and 1024"),
        ("selfie", "[mask]", "[musk]", "musk is not an entry"),
        ("selfie", "licence =", "license =", "license is not an entry of a card. The entries are: id, title"),
        ("selfie", "[input]", "[input]\ndepth = 3", r"\[input\] depth is not an entry"),
        ("selfie", "[[source]]\n", "[[source]]\nurl = 'https://example.org/x'\n", r"\[source\] url is not"),
        ("selfie", "scale = 0.00392156862745098 # 1/255\n", "", "entry 'scale' is missing"),
        ("selfie", 'id = "selfie"', 'id = "x"', "must be the name of the file"),
        ("selfie", 'sha256 = "8', 'sha256 = "X', "64 lowercase hexadecimal digits"),
        ("selfie", "bytes = 249024", "bytes = 999999999", "between 1 and 268435456"),
        ("selfie", "bytes = 249024", 'bytes = "many"', "invalid literal"),
        ("selfie", 'weights = "fp16"', 'weights = "int3"', "one of fp32, fp16"),
        ("selfie", 'id = "fp16"', 'id = "fp32"', "must all be different"),
        ("selfie", "scale = 0", "scale = -0", "must be greater than 0"),
        ("selfie", "title =", "title", "not readable as TOML"),
        ("selfie", 'format = "tflite"', 'format = "caffe"', "one of tflite, tfjs, onnx"),
        ("selfie", 'format = "tflite"', 'format = "tfjs"', "first model.json, then its shards"),
        (
            "selfie",
            "[[source.file]]\n",
            '[[source.file]]\nurl = "https://example.org/x"\n',
            "one of url, local",
        ),
        ("bodypix", "https://storage", "http://storage", "must begin with https://"),
        ("bodypix", "[[source.file]]\n", '[[source.file]]\nmember = "a"\n', "only files of an npm package"),
        ("bodypix", 'url = "https:/', 'local = "/', "a path inside this project"),
        ("bodypix", 'url = "https://storage', 'local = "own/../..', "a path inside this project"),
        ("selfie", 'mask = "act', 'presence = "act', "a segmenter needs mask, or logits, and may have parts"),
        ("facemesh", "presence_probability", "nose", "points and presence_probability"),
        ("movenet", "[outputs]", "[mask]\nheight = 64\nwidth = 64\n\n[outputs]", "not for a pose"),
        ("bodypix", "height = 241", "height = 240", "as large as"),
        ("bodypix", "[mask]\nheight = 241", "[mask]\nheight = 64", r"\[mask\] must be as large as \[input\]"),
        ("bodypix", 'id = "high"', 'id = "low"', "low, medium, low must all be different"),
        ("selfie", "noise = 1e-4", "noise = -1", "a gate must be zero or a positive number"),
        ("selfie", "noise = 1e-4\nphoto = 1e-4\n", "", r"\[gates\] needs photo"),
        ("selfie", "photo = 1e-4\n", "", r"\[gates\] needs photo"),
        ("selfie", "iou = 0.005", "", r"\[loss\] needs iou"),
        ("mobilenet-v2", "top5 = 0.01", "", r"\[loss\] needs top5"),
        ("selfie", "noise = 1e-4", "music = 1e-4", "gates = 'music': it must be one of noise, photo"),
        ("selfie", "iou =", "points =", "loss of a segmenter = 'points': it must be one of iou"),
    ],
)
def test_a_bad_card_is_one_sentence(tmp_path: Path, id: str, old: str, new: str, says: str) -> None:
    text = (cards.FOLDER / f"{id}.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / f"{id}.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(CardError, match=says) as error:
        cards.read(path)
    assert f"{id}.toml" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["id = 3", "source = 5\n[input]", "[[source]]\nfile = 7", "variant = []"])
def test_nonsense_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CardError, match=r"odd\.toml"):
        cards.read(path)
