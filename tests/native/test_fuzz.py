"""Damaged files of every format end in a model or in a ModelFileError, within limits of time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest

from models.importers.errors import ModelFileError
from models.importers.formats import import_model
from tests.native.fuzz import damaged
from tests.native.test_tflite import quantised, small
from tests.support import models_given
from tests.support.built import ROOT
from tests.support.small import Node, tfjs_files

NPM = ROOT / "node_modules" / "@mediapipe"
PATIENCE = 100.0  # seconds for a whole run; measured 0.7 to 5 on two busy cores
SLOWEST = 5.0  # seconds for one file; measured 0.9 on two busy cores


def tfjs_small() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    options = {"strides": [1, 2, 2, 1], "padding": "SAME", "dilations": [1, 1, 1, 1], "data_format": "NHWC"}
    nodes = [
        Node("Conv2D", "a", ["image", "w"], options),
        Node("BiasAdd", "b", ["a", "bias"]),
        Node("Relu6", "c", ["b"]),
        Node("Reshape", "d", ["c", "shape"]),
        Node("Softmax", "e", ["d"]),
    ]
    weights = {
        "w": rng.integers(0, 256, (3, 3, 3, 4), np.uint8),
        "bias": rng.standard_normal(4).astype(np.float32),
        "shape": np.array([1, -1, 4], np.int32),
    }
    return tfjs_files(nodes, weights, (1, 8, 8, 3), {"w": {"dtype": "uint8", "scale": 0.01, "min": -1.0}})


MADE: dict[str, list[dict[str, bytes]]] = {
    "tflite": [{"m.tflite": quantised(0)}, {"m.tflite": small()}],
    "tfjs": [tfjs_small(), models_given.tfjs_files()],
    "onnx": [{"m.onnx": models_given.onnx_file()}],
}
INSTALLED = {
    "tflite": [
        "face_detection/face_detection_short_range.tflite",
        "selfie_segmentation/selfie_segmentation.tflite",
    ]
}


def fuzz(folder: Path, format: str, count: int, models: list[dict[str, bytes]]) -> None:
    for index, files in enumerate(models):
        models_given.put(folder / str(index), files)
    command = [sys.executable, "-m", "tests.native.fuzz", format, "11", str(count)]
    command += [str(folder / str(index)) for index in range(len(models))]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    assert not found["raised"], found["raised"][:3]
    assert not [sentence for sentence in found["sentences"] if "\n" in sentence or len(sentence) > 600]
    assert found["slowest"] < SLOWEST
    # Both happen: a flipped weight is a model still (its sha256 guards it), a flipped table is none.
    assert found["read"] > 0
    assert len(found["sentences"]) > count // 4


@pytest.mark.parametrize("format", MADE)
def test_damaged_files_end_in_a_sentence(tmp_path: Path, format: str) -> None:
    fuzz(tmp_path, format, 200, MADE[format])


@pytest.mark.parametrize("format", INSTALLED)
def test_damaged_published_files_end_in_a_sentence(tmp_path: Path, format: str) -> None:
    paths = [NPM / path for path in INSTALLED[format] if (NPM / path).is_file()]
    if not paths:
        pytest.skip("the npm packages of the models are not installed")
    fuzz(tmp_path, format, 60, [{path.name: path.read_bytes()} for path in paths])


def test_damage_is_the_same_on_every_run() -> None:
    assert list(damaged(MADE["tfjs"][0], 3, 20)) == list(damaged(MADE["tfjs"][0], 3, 20))


def swollen(**claims: list[int]) -> bytes:
    """The small ONNX model with changed dimensions of its weights."""
    model = onnx.load_model_from_string(models_given.onnx_file())
    for tensor in model.graph.initializer:
        if tensor.name in claims:
            del tensor.dims[:]
            tensor.dims.extend(claims[tensor.name])
    return bytes(model.SerializeToString())


def elsewhere() -> bytes:
    model = onnx.load_model_from_string(models_given.onnx_file())
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/hosts")
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("format", "files", "sentence"),
    [
        ("onnx", {"m.onnx": swollen(w=[1 << 40, 1 << 20])}, r"'w' claims \d+ numbers in \d+ bytes"),
        ("onnx", {"m.onnx": swollen(w=[-4, -3, 3, 3])}, "'w' claims"),
        ("onnx", {"m.onnx": elsewhere()}, "'w' is stored in another file. Save the model as one file"),
        ("onnx", {"m.onnx": b"\n\xff\xff\xff\xff\x0f"}, "ONNX file damaged"),
        ("tfjs", {"model.json": b"[" * 200_000}, "tf.js model damaged|not JSON"),
        ("pickle", {"m": b""}, "the format 'pickle' is not one of tflite, tfjs, onnx"),
        ("onnx", {}, "the model has no file"),
    ],
)
def test_claims_are_not_believed(format: str, files: Mapping[str, bytes], sentence: str) -> None:
    with pytest.raises(ModelFileError, match=sentence):
        import_model(format, files)
