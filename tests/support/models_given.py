"""Small published models that tests make themselves: ONNX, tf.js and what stands in for a framework.

Does not come from anywhere; the numbers are drawn.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

F = onnx.TensorProto.FLOAT


def onnx_file(last: str = "Sigmoid", channels: int = 1, side: int | None = 32, opset: int = 17) -> bytes:
    """A convolution, a Relu, a 1 x 1 convolution and `last`; [1,3,side,side] to [1,channels,side,side]."""
    rng = np.random.default_rng(channels)
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["a"], "first", kernel_shape=[3, 3], pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"], "second"),
        helper.make_node("Conv", ["b", "v"], ["c"], "third", kernel_shape=[1, 1]),
        helper.make_node(last, ["c"], ["answer"], "last"),
    ]
    weights: dict[str, Any] = {
        "w": rng.standard_normal((4, 3, 3, 3)).astype(np.float32) / 5,
        "v": rng.standard_normal((channels, 4, 1, 1)).astype(np.float32),
    }
    shape = [side or "h", side or "w"]
    graph = helper.make_graph(
        nodes,
        "given",
        [helper.make_tensor_value_info("image", F, [1, 3, *shape])],
        [helper.make_tensor_value_info("answer", F, [1, channels, *shape])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    imports = [helper.make_opsetid("", opset)]
    return bytes(helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString())


def tfjs_files(operator: str = "Sigmoid", side: int = 32) -> dict[str, bytes]:
    """model.json and its two shards: a 3 x 3 convolution to one channel, then `operator`."""
    numbers = np.random.default_rng(2).standard_normal(3 * 3 * 3).astype("<f4").tobytes()
    size: dict[str, Any] = {"dim": [{"size": str(n)} for n in (1, side, side, 3)]}
    number = {"type": "DT_FLOAT"}
    nodes = [
        {"name": "image", "op": "Placeholder", "attr": {"shape": {"shape": size}, "dtype": number}},
        {"name": "w", "op": "Const", "attr": {"dtype": number}},
        {
            "name": "a",
            "op": "Conv2D",
            "input": ["image", "w"],
            "attr": {
                "strides": {"list": {"i": ["1", "1", "1", "1"]}},
                "padding": {"s": "U0FNRQ=="},
                "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
                "data_format": {"s": "TkhXQw=="},
                "T": number,
            },
        },
        {"name": "answer", "op": operator, "input": ["a"], "attr": {"T": number}},
    ]
    model = {
        "format": "graph-model",
        "modelTopology": {"node": nodes, "versions": {"producer": 1}},
        "weightsManifest": [
            {
                "paths": ["one.bin", "two.bin"],
                "weights": [{"name": "w", "shape": [3, 3, 3, 1], "dtype": "float32"}],
            }
        ],
    }
    return {"model.json": json.dumps(model).encode(), "one.bin": numbers[:50], "two.bin": numbers[50:]}


def put(folder: Path, files: dict[str, bytes]) -> Path:
    """Writes the files; gives the first one's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / next(iter(files))


# Stand-ins for the frameworks: the calls that models/add/exporters make, writing a file that exists.
TORCH = """
import os, shutil
from types import SimpleNamespace

def load(path, map_location=None):
    if open(path, "rb").read() == b"weights":
        raise RuntimeError("PytorchStreamReader failed locating file constants.pkl")
    return SimpleNamespace(eval=lambda: "script")

def write(module, args, target, **options):
    if module == "program" and options["dynamo"]:
        assert args == () and options["external_data"] is False
    else:
        assert module == "script" and args == ((1, 3, 32, 32),) and options["dynamo"] is False
    if os.environ.get("TORCH_SAYS"):
        raise NotImplementedError(os.environ["TORCH_SAYS"] + "\\nand a long trace")
    shutil.copyfile(os.environ["EXPORTED"], target)

export = SimpleNamespace(load=lambda path: "program")
jit = SimpleNamespace(load=load)
onnx = SimpleNamespace(export=write)
zeros = lambda *shape: shape
"""
KERAS = """
import os, shutil
from types import SimpleNamespace

sides = (None, None) if os.environ.get("KERAS_OPEN") else (32, 32)

class Model:
    inputs = [SimpleNamespace(shape=(None, *sides, 3), dtype="float32")]

    def export(self, target, format, input_signature, verbose):
        assert format == "onnx" and input_signature[0].shape == (1, 32, 32, 3)
        shutil.copyfile(os.environ["EXPORTED"], target)

def load_model(path, compile, safe_mode):
    assert safe_mode and not compile
    return Model()

__version__ = os.environ.get("KERAS_IS", "3.11.3")
saving = SimpleNamespace(load_model=load_model)
config = SimpleNamespace(image_data_format=lambda: "channels_last")
InputSpec = SimpleNamespace
"""
