"""`models add`: loading files, guessing entries, writing the card, and the errors for bad input.

Does not make a model: tests/native/test_add.py does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import onnx
import pytest

import build
from app.core.errors import UserError
from models.add import command, export, guess, inputs, writer
from models.add.guess import Guess
from models.add.inputs import ModelFiles
from models.add.writer import VARIANTS
from models.importers.formats import import_model
from models.sources import download
from models.spec import cards
from models.spec.card import File
from tests.support.models_given import KERAS, TORCH, onnx_file, put, tfjs_files

URL = "https://example.org/nets/eyes/model.json?tfjs-format=file"


def quiet(_: str) -> None:
    pass


def load(path: Path | str, size: tuple[int, int] | None = None) -> ModelFiles:
    return inputs.load(str(path), size, quiet)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VITRINE_MIRROR", "VITRINE_FROM", "VITRINE_PYTHON"):
        monkeypatch.delenv(name, raising=False)


def test_a_file_is_taken_with_its_hash(tmp_path: Path) -> None:
    found = load(put(tmp_path, {"Eyes 2.onnx": b"bytes"}))
    assert (found.format, found.name, dict(found.files)) == ("onnx", "Eyes 2", {"Eyes 2.onnx": b"bytes"})
    (place,) = found.places
    assert (place.local, place.bytes) == ("Eyes 2.onnx", 5)
    assert place.sha256.startswith("277089d91c0b")


def test_a_tfjs_model_brings_its_shards(tmp_path: Path) -> None:
    files = tfjs_files()
    found = load(put(tmp_path / "eyes", files))
    assert (found.format, found.name, dict(found.files)) == ("tfjs", "eyes", files)


def test_an_address_is_named_and_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tfjs_files()
    put(tmp_path, files)
    rows = [
        f'[[file]]\npath = "{name}"\nurl = "{URL.replace("model.json", name)}"\nsha256 = "0"\n'
        for name in files
    ]
    (tmp_path / "WEIGHTS.toml").write_text("".join(rows), "utf-8")
    monkeypatch.setenv("VITRINE_MIRROR", str(tmp_path))
    found = load(URL)
    assert dict(found.files) == files
    assert found.name == "eyes"
    assert [place.url for place in found.places] == [URL.replace("model.json", name) for name in files]
    assert not any(place.local for place in found.places)


def test_an_address_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def answer(url: str, most: int, *_: object, **__: object) -> bytes:
        asked.append(most)
        raise download.UnavailableError(f"the answer is longer than {most} bytes.")

    monkeypatch.setattr(inputs, "download", answer)
    with pytest.raises(UserError, match=r"^https://example.org/a.onnx: the answer is longer than"):
        load("https://example.org/a.onnx")
    assert asked == [1 << 28]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("nets/missing.onnx", "nets/missing.onnx: there is no such file"),
        ("eyes.bin", "the name of the file must end in one of .tflite, .json, .onnx, .keras"),
        ("eyes", "the name of the file must end in one of"),
        ("http://127.0.0.1:1/eyes.onnx", "only addresses with https:// can be downloaded"),
        ("file:///etc/eyes.onnx", "only addresses with https:// can be downloaded"),
        ("https://127.0.0.1:1/eyes.onnx", "no answer"),
    ],
)
def test_what_is_not_there_is_one_sentence(given: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as unfit:
        load(given)
    assert "\n" not in str(unfit.value)


def test_a_folder_and_a_file_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.onnx").mkdir()
    with pytest.raises(UserError, match="it is a folder"):
        load(tmp_path / "a.onnx")
    monkeypatch.setattr(inputs, "LARGEST", 4)
    with pytest.raises(UserError, match="too large for a web page"):
        load(put(tmp_path, {"b.onnx": b"bytes"}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[1, 2]", "no weightsManifest"),
        (b"{", "no weightsManifest"),
        (b"[" * 100_000, "no weightsManifest"),
        (b'{"weightsManifest": 3}', "no weightsManifest"),
        (b'{"weightsManifest": []}', "it names 0 weight files"),
        (b'{"weightsManifest": [{"paths": ["../../secret"]}]}', "must be in the same folder"),
        (b'{"weightsManifest": [{"paths": ["/etc/hostname"]}]}', "must be in the same folder"),
        (b'{"weightsManifest": [{"paths": ["https://example.org/x"]}]}', "must be in the same folder"),
        (b'{"weightsManifest": [{"paths": ["gone.bin"]}]}', r"gone.bin: there is no such file"),
        (b'{"format": "layers-model", "weightsManifest": []}', "tensorflowjs_converter"),
    ],
)
def test_a_model_json_that_is_none(tmp_path: Path, text: bytes, says: str) -> None:
    with pytest.raises(UserError, match=says) as unfit:
        load(put(tmp_path, {"model.json": text}))
    assert "\n" not in str(unfit.value)


def test_a_model_json_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "TOPOLOGY", 4)
    with pytest.raises(UserError, match="more than 4"):
        load(put(tmp_path, {"model.json": b"[[[]]]"}))


def guessed(data: bytes, kind: str | None = None, given: dict[str, str] | None = None) -> Guess:
    files = {"a.onnx": data}
    return guess.guess("onnx", files, import_model("onnx", files, None, given), kind, given or {})


def test_one_map_of_one_channel_is_a_segmenter() -> None:
    found = guessed(onnx_file())
    assert (found.kind, found.height, found.width, found.mask) == ("segmenter", 32, 32, (32, 32))
    assert found.outputs == {"mask": "answer"}
    assert guessed(onnx_file("Relu")).outputs == {"logits": "answer"}


def test_anything_else_is_a_network() -> None:
    found = guessed(onnx_file(channels=5))
    assert (found.kind, found.outputs, found.mask) == ("network", {}, None)


def test_outputs_may_be_named() -> None:
    five = onnx_file(channels=5)
    assert guessed(five, None, {"b": "b"}).outputs == {"b": "b"}
    assert guessed(onnx_file(), None, {"c": "c"}).outputs == {"logits": "c"}
    assert guessed(onnx_file(), None, {"logits": "c"}).outputs == {"logits": "c"}
    both = guessed(five, "pose", {"heatmaps": "answer", "offsets": "b"})
    assert (both.kind, both.outputs) == ("pose", {"heatmaps": "answer", "offsets": "b"})
    assert guessed(five, "pose", {"answer": "answer", "b": "b"}).outputs == {
        "offsets": "answer",
        "heatmaps": "b",
    }


def test_a_kind_that_does_not_fit_is_refused() -> None:
    assert guessed(onnx_file(), "pose").outputs == {"pose": "answer"}
    with pytest.raises(
        UserError, match=r"a classifier needs features and scores, but the outputs are answer \[1,1,32,32\]"
    ):
        guessed(onnx_file(), "classifier")
    with pytest.raises(
        UserError, match=r"a segmenter needs one map of one channel, but the outputs are answer \[1,5,32,32\]"
    ):
        guessed(onnx_file(channels=5), "segmenter")


@pytest.mark.parametrize("kind", [None, "network"])
@pytest.mark.parametrize("url", ["", "https://example.org/a b.onnx?x=1"])
def test_what_is_written_is_a_good_card(tmp_path: Path, kind: str | None, url: str) -> None:
    found = load(put(tmp_path, {'odd "name".onnx': onnx_file()}))
    (place,) = found.places
    place = File(place.name, place.sha256, place.bytes, url=url) if url else place
    placed = writer.placed(place, "own/eyes")
    text = writer.text("eyes", "onnx", [placed], guessed(onnx_file(), kind), 'from "there"', VARIANTS)
    path = tmp_path / "eyes.toml"
    path.write_text(text, "utf-8")
    card = cards.read(path)
    assert card.kind == (kind or "segmenter")
    assert card.sources[0].files == (placed,)
    assert {wanted.weights for wanted in card.variants} == {"fp32", "fp16", "int8"}


@pytest.mark.parametrize(
    ("given", "id"),
    [
        ("a/Eyes_v2 (final).onnx", "eyes-v2-final"),
        ("nets/eyes/model.json", "eyes"),
        ("https://example.org/nets/eyes/model.json?tfjs-format=file", "eyes"),
        ("x" * 90 + ".onnx", "x" * 40),
    ],
)
def test_the_id_is_from_the_name(given: str, id: str) -> None:
    assert command._id(given) == id


def framework(folder: Path, name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that has a framework: this one, with a module of its name."""
    (folder / "site").mkdir()
    (folder / "site" / f"{name}.py").write_text(code, "utf-8")
    (folder / "exported.onnx").write_bytes(onnx_file())
    monkeypatch.setenv("PYTHONPATH", str(folder / "site"))
    monkeypatch.setenv("EXPORTED", str(folder / "exported.onnx"))
    monkeypatch.setenv("VITRINE_PYTHON", sys.executable)


@pytest.mark.parametrize("name", ["eyes.pt2", "eyes.pt"])
def test_pytorch_exports_itself(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    framework(tmp_path, "torch", TORCH, monkeypatch)
    found = load(put(tmp_path, {name: b"a program"}), (32, 32))
    assert (found.format, dict(found.files)) == ("onnx", {"eyes.onnx": onnx_file()})
    assert found.places[0].local == "eyes.onnx"


@pytest.mark.parametrize("name", ["eyes.keras", "eyes.h5"])
def test_keras_exports_itself(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    framework(tmp_path, "keras", KERAS, monkeypatch)
    found = load(put(tmp_path, {name: b"a model"}))
    assert dict(found.files) == {"eyes.onnx": onnx_file()}
    monkeypatch.setenv("KERAS_OPEN", "yes")
    with pytest.raises(UserError, match=r"has no fixed size. Give one with --size HxW"):
        load(tmp_path / name)
    assert load(tmp_path / name, (32, 32)).files == found.files


def test_an_old_keras_is_given_no_h5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its safe mode does not hold for them."""
    framework(tmp_path, "keras", KERAS, monkeypatch)
    put(tmp_path, {"eyes.h5": b"a model", "eyes.keras": b"a model"})
    for version in ("2.15.0", "3.9", "3.11.2"):
        monkeypatch.setenv("KERAS_IS", version)
        with pytest.raises(UserError, match=f"Keras {version} would run code .* Install Keras 3.11.3"):
            load(tmp_path / "eyes.h5")
        assert load(tmp_path / "eyes.keras").files
    monkeypatch.setenv("KERAS_IS", "3.12.0")
    assert load(tmp_path / "eyes.h5").files


@pytest.mark.parametrize(
    ("name", "data", "variables", "says"),
    [
        ("eyes.pt", b"a program", {}, "Give it with --size HxW"),
        ("eyes.pth", b"weights", {}, r"may be weights without a program. Save the model with torch\.export"),
        ("eyes.pt2", b"a program", {"TORCH_SAYS": "no aten::odd"}, "made no ONNX file: no aten::odd$"),
    ],
)
def test_what_an_exporter_says_is_one_sentence(
    tmp_path: Path,
    name: str,
    data: bytes,
    variables: dict[str, str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    framework(tmp_path, "torch", TORCH, monkeypatch)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(UserError, match=says) as failed:
        load(put(tmp_path, {name: data}))
    assert "\n" not in str(failed.value)


def test_a_framework_that_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    framework(tmp_path, "other", "", monkeypatch)
    for name, says in (("eyes.pt2", "Install torch, onnx and onnxscript"), ("eyes.keras", "Install keras,")):
        with pytest.raises(UserError, match=rf"No module named '\w+'\)\. {says}") as failed:
            load(put(tmp_path, {name: b"a model"}))
        assert sys.executable in str(failed.value)


def test_an_exporter_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    framework(tmp_path, "torch", "import time; time.sleep(60)", monkeypatch)
    monkeypatch.setattr(export, "TIMEOUT", 0.5)
    with pytest.raises(UserError, match="took longer than"):
        load(put(tmp_path, {"eyes.pt2": b"a model"}))
    monkeypatch.setenv("VITRINE_PYTHON", str(tmp_path / "gone"))
    with pytest.raises(UserError, match="cannot be started"):
        load(tmp_path / "eyes.pt2")


def test_weights_beside_the_exported_file_come_with_it(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    model, moved = onnx.load_from_string(onnx_file()), onnx.load_from_string(onnx_file())
    onnx.save(moved, path, save_as_external_data=True, location="model.onnx.data", size_threshold=0)
    (tmp_path / "given.pt2").write_bytes(b"")
    whole = onnx.load_from_string(export._single_file(path))
    assert {t.name: t.raw_data for t in whole.graph.initializer} == {
        t.name: t.raw_data for t in model.graph.initializer
    }


@pytest.mark.parametrize("size", ["32", "32x", "0x32", "32x9999", "axb"])
def test_a_size_that_is_none(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["a.onnx", "--size", size])
    assert f"'{size}' is not HEIGHTxWIDTH in pixels" in capsys.readouterr().err


def test_help_is_read_before_anything_is_installed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "environment", lambda *_: pytest.fail("it made an environment"))
    assert build.main(["models", "add", "--help"]) == 0
    shown = capfd.readouterr().out
    assert "FILE_OR_URL" in shown
    assert all(suffix in shown for suffix in inputs.SUFFIXES if suffix != ".pth")


def test_models_takes_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build.main(["models", "remove", "selfie"])
    assert "models does not take remove selfie" in capsys.readouterr().err
