"""`models add`: a file becomes a checked model with a card, and a failure leaves nothing behind."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from app.core.errors import UserError
from app.native.session import Session
from models import build, make
from models.add import command
from models.report import docs
from models.sources import fetch
from models.spec import cards
from models.verify import parity, runners
from tests.support.models_given import onnx_file, put, tfjs_files


class Project:
    """A project of its own, so that nothing is added to this one."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.folder, self.given = root, root / "cards", root / "given"
        self.folder.mkdir()
        monkeypatch.setattr(command, "PARTIAL", root / "partial")
        monkeypatch.setattr(build, "CACHE", root / "cache")
        monkeypatch.setattr(fetch, "ROOT", root)
        monkeypatch.delenv("VITRINE_MIRROR", raising=False)

    def add(self, path: Path, **options: object) -> str:
        return command.add_model(str(path), folder=self.folder, root=self.root, **options)  # type: ignore[arg-type]

    def left(self) -> list[str]:
        """What is there besides what was given and the cache."""
        kept = (path for path in self.root.rglob("*") if path.is_file())
        names = sorted(path.relative_to(self.root).as_posix() for path in kept)
        return [name for name in names if not name.startswith(("given/", "cache/"))]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def test_a_segmenter_is_made_and_gives_its_mask(project: Project) -> None:
    report = project.add(put(project.given, {"Eyes.onnx": onnx_file()}))
    assert project.left() == ["cards/eyes.toml", "own/eyes/Eyes.onnx"]
    assert "own/eyes/Eyes.onnx" in report
    assert "byte * 0.00392157 + 0" in report
    card = cards.read(project.folder / "eyes.toml")
    out, said = project.root / "cache" / "out", list[str]()
    model = build.made(card, fetch.fetch(card, said.append), out, said.append)
    assert said == []  # it was made when it was added
    variant = model.variant("wasm-ort")
    assert variant is not None
    assert model.variant("webgl") is not None
    session = Session((out / variant.graphs[0].path).read_bytes(), threads=1)
    rgba = np.random.default_rng(3).integers(0, 256, (1, 32, 32, 4), np.uint8)
    is_photo = {"memory": np.zeros((1, 1, 32, 32), np.float32), "keep": np.zeros(1, np.float32)}
    mask = session.run_now({"rgba": rgba, **is_photo})["mask"]
    published = Session(onnx_file(), threads=1)
    image = np.ascontiguousarray((rgba[..., :3].astype(np.float32) / 255).transpose(0, 3, 1, 2))
    assert np.abs(mask - published.run_now({"image": image})["answer"]).max() < 1e-5


def test_the_documentation_lists_the_model_at_once(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        command.add_model, "__defaults__", (None, None, None, None, project.folder, project.root)
    )
    monkeypatch.setattr(docs, "PATH", project.root / "docs" / "models.md")
    monkeypatch.setattr(docs, "read_all", lambda: cards.read_all(project.folder))
    assert command.main([str(put(project.given, {"eyes.onnx": onnx_file()}))]) == 0
    assert "| Eyes | 32 × 32 | fp16 | fp32 | fp16 |" in docs.PATH.read_text("utf-8")
    assert "python3 build.py bench variants eyes" in capsys.readouterr().out


def test_a_network_gives_what_it_gives(project: Project) -> None:
    project.add(put(project.given, {"five.onnx": onnx_file(channels=5)}), id="other")
    card = cards.read(project.folder / "other.toml")
    assert (card.kind, card.outputs, card.loss) == ("network", {}, {"outputs": 0.001})


def test_a_tfjs_model_is_compared_with_tfjs(project: Project) -> None:
    report = project.add(put(project.given / "eyes", tfjs_files()))
    own = [f"own/eyes/{name}" for name in ("model.json", "one.bin", "two.bin")]
    assert project.left() == ["cards/eyes.toml", *own]
    assert "not measured" not in report
    card = cards.read(project.folder / "eyes.toml")
    assert [file.local for file in card.sources[0].files] == own


def test_a_published_tflite_file(project: Project) -> None:
    path = fetch.NODE / "@mediapipe" / "selfie_segmentation" / "selfie_segmentation_landscape.tflite"
    if not path.is_file():
        pytest.skip("the package is not installed")
    project.add(path, id="landscape")
    card, own = (
        cards.read(project.folder / "landscape.toml"),
        cards.read(cards.FOLDER / "selfie-landscape.toml"),
    )
    assert (card.kind, card.input, card.mask, card.outputs) == (own.kind, own.input, own.mask, own.outputs)
    assert (card.scale, card.offset) == pytest.approx((own.scale, own.offset))


def test_what_webgl_lacks_leaves_only_webgl_out(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.add(put(project.given, {"odd.onnx": onnx_file("Erf")}))
    assert (
        "odd is not made for WebGL. WebGL does not support Erf (the first is node 'last')."
        in capsys.readouterr().err
    )
    card = cards.read(project.folder / "odd.toml")
    assert {backend for wanted in card.variants for backend in wanted.backends} == {"wasm-ort", "webgpu"}


def test_the_outputs_may_be_named(project: Project) -> None:
    path = put(project.given, tfjs_files("Betainc"))
    assert command.main([str(path)]) == 1
    project.add(path, id="before", outputs={"logits": "a"})
    assert cards.read(project.folder / "before.toml").outputs == {"logits": "a"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "tf/model.json",
            "(Betainc) is not an operator that the importer knows. Name 'a' with --output to cut",
        ),
        ("open.onnx", "has no fixed size. Give one with --size HxW"),
        ("cut.onnx", "ONNX file damaged"),
        ("cut.tflite", "TFLite file"),
        ("gone.onnx", "there is no such file"),
        ("empty.onnx", "empty.onnx"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    project: Project,
    name: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        command.add_model, "__defaults__", (None, None, None, None, project.folder, project.root)
    )
    put(project.given / "tf", tfjs_files("Betainc"))
    files = {"open.onnx": onnx_file(side=None), "cut.onnx": onnx_file()[:300], "empty.onnx": b""}
    put(project.given, {**files, "cut.tflite": b"\x1c\0\0\0TFL3" + b"\xff" * 99})
    assert command.main([str(project.given / name)]) == 1
    said = capsys.readouterr().err.strip().split("\n\n")[-1]
    assert said.startswith("Nothing was added. ")
    assert says in said
    assert "\n" not in said
    assert project.left() == []


def network(nodes: list[onnx.NodeProto], *outputs: onnx.ValueInfoProto, **weights: Any) -> bytes:
    """An ONNX file: `image` [1,3,32,32], a convolution `a` of five channels, then `nodes`."""
    weights["w"] = np.random.default_rng(1).standard_normal((5, 3, 3, 3)).astype(np.float32)
    first = helper.make_node("Conv", ["image", "w"], ["a"], pads=[1] * 4)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])
    stored = [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()]
    graph = helper.make_graph([first, *nodes], "given", [image], outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


NODE = helper.make_node
FLOAT, WHOLE = (
    helper.make_tensor_value_info("y", kind, None) for kind in (TensorProto.FLOAT, TensorProto.INT64)
)
SEQUENCE = helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, None)
LARGER = {"larger": np.array([1, 1, 400, 400], np.float32)}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            network([NODE("SplitToSequence", ["a"], ["y"], axis=1)], SEQUENCE),
            "the output 'y' is a sequence, not a tensor of numbers. Name the other outputs with --output",
        ),
        (
            network([NODE("NonZero", ["a"], ["y"])], WHOLE),
            "the output 'y' has a different size for each picture. Name the other outputs with --output",
        ),
        (
            network([NODE("Abs", ["a"], ["b"]), NODE("Neg", ["b"], ["c"]), NODE("Log", ["c"], ["y"])], FLOAT),
            "on noise, the output differs from the published model by inf of its range",
        ),
        (
            network([NODE("Resize", ["image", "", "larger"], ["y"], mode="nearest")], FLOAT, **LARGER),
            "the tensor 'y' has 491,520,000 numbers",
        ),
        (
            network(
                [
                    NODE("Shape", ["image"], ["s"]),
                    NODE("Mul", ["s", "larger"], ["t"]),
                    NODE("Expand", ["one", "t"], ["b"]),
                    NODE("ReduceMax", ["b"], ["m"], keepdims=0),
                    NODE("Add", ["a", "m"], ["y"]),
                ],
                FLOAT,
                larger=np.array([1, 1, 400, 400]),
                one=np.ones((1, 1, 1, 1), np.float32),
            ),
            "the tensor 'b' has 491,520,000 numbers",
        ),
        (
            network([NODE("Relu", ["a"], ["picture"])], helper.make_tensor_value_info("picture", 1, None)),
            "an output is called 'picture', which is the name of the input here. "
            "Give it another name with --output.",
        ),
    ],
)
def test_a_sound_file_that_cannot_be_a_model_is_one_sentence(
    project: Project,
    data: bytes,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        command.add_model, "__defaults__", (None, None, None, None, project.folder, project.root)
    )
    assert command.main([str(put(project.given, {"odd.onnx": data}))]) == 1
    said = capsys.readouterr().err.strip().split("\n\n")[-1]
    assert said.startswith("Nothing was added. ")
    assert says in said
    assert "\n" not in said
    assert project.left() == []
    assert not list(project.root.glob("cache/*"))


def test_labels_are_a_network_and_no_mask(project: Project) -> None:
    path = put(project.given, {"labels.onnx": network([NODE("ArgMax", ["a"], ["y"], axis=1)], WHOLE)})
    project.add(path)
    assert cards.read(project.folder / "labels.toml").kind == "network"
    with pytest.raises(UserError, match="a segmenter needs one map of one channel"):
        project.add(path, id="other", kind="segmenter")
    card = cards.read(project.folder / "labels.toml")
    fetched = fetch.fetch(card, print)
    segmenter = replace(card, kind="segmenter", mask=(32, 32), outputs={"logits": "y"})
    with pytest.raises(UserError, match="the network cannot be wrapped as a segmenter"):
        make.graphs(segmenter, card.variants[0], make.imported(segmenter, fetched))


def test_an_output_called_picture_can_be_renamed(project: Project) -> None:
    data = network([NODE("Relu", ["a"], ["picture"])], helper.make_tensor_value_info("picture", 1, None))
    project.add(put(project.given, {"odd.onnx": data}), kind="network", outputs={"seen": "picture"})
    assert cards.read(project.folder / "odd.toml").outputs == {"seen": "picture"}


def test_what_could_not_be_compared_is_compared_later(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build before `npm ci` does not keep its "not measured"."""
    path = put(project.given / "eyes", tfjs_files())
    monkeypatch.setattr(runners, "missing_runtime", lambda format: "it is not installed.")
    assert "not measured: it is not installed" in project.add(path)
    card = cards.read(project.folder / "eyes.toml")
    fetched, out, said = fetch.fetch(card, print), project.root / "out", list[str]()
    build.made(card, fetched, out, said.append)
    assert said == []
    monkeypatch.undo()
    monkeypatch.setattr(build, "CACHE", project.root / "cache")
    if reason := runners.missing_runtime("tfjs"):
        pytest.skip(reason)
    made = build.made(card, fetched, out, said.append)
    assert said
    assert isinstance(made.report["parity"]["photo"], float)


def test_a_model_that_fails_its_checks_leaves_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UserError("eyes: on noise, the output differs from the published model by 0.5 of its range.")

    monkeypatch.setattr(parity, "parity", fail)
    with pytest.raises(UserError, match="differs from the published model"):
        project.add(put(project.given, {"eyes.onnx": onnx_file()}))
    assert project.left() == []


def test_a_disk_that_is_full_leaves_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = put(project.given, {"eyes.onnx": onnx_file()})
    monkeypatch.setattr(shutil, "move", full)
    with pytest.raises(OSError, match="No space"):
        project.add(path)
    assert project.left() == []
    assert not (project.root / "own").exists()


def test_a_name_that_is_taken_is_refused(project: Project) -> None:
    path = put(project.given, {"eyes.onnx": onnx_file()})
    project.add(path)
    before = (project.folder / "eyes.toml").read_bytes()
    with pytest.raises(UserError, match=r"there is already a model 'eyes'.*with --id"):
        project.add(path)
    assert (project.folder / "eyes.toml").read_bytes() == before
    with pytest.raises(UserError, match="Give another id with --id"):
        project.add(path, id="Big Eyes")
