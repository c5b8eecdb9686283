"""Runs a published model as its publisher does: LiteRT, tf.js under Node, or onnxruntime.

Does not use the importers' graphs: it is what they are measured against.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx

from models.importers import tfjs, tflite
from models.importers.ir import Array, Unreadable

SCRIPT = Path(__file__).with_suffix(".mjs")
ROOT = Path(__file__).parents[2]
PATIENCE = 900.0  # seconds for a start of LiteRT or tf.js, which may be of hundreds of pictures
# WebAssembly and plain JavaScript agree to 2e-6 of the range; a picture of BodyPix 1.0, 241 x 321, takes
# the first 0.5 seconds and the other 8.4.
BACKEND = "wasm"

Outputs = Mapping[str, str]


class NotHere(Exception):
    """The runtime is not installed here; the message says which and what brings it."""


def run(
    format: str, files: Mapping[str, bytes], x: Array, outputs: Outputs | None = None
) -> dict[str, Array]:
    """role -> what the published model makes of `x`, float32 (or int64), in the file's own layout.

    `x` is float32 [n,H,W,3] in the card's range (byte * scale + offset); every picture is run by itself and
    the results are joined along their first axis. `outputs` is role -> name of a tensor, empty for all
    outputs by their own names. Integer inputs and outputs are translated by the file's scales.
    Raises NotHere, or models.importers.ir.Unreadable for a model the runtime refuses.
    """
    if reason := lacking(format):
        raise NotHere(reason)
    x = np.ascontiguousarray(x, np.float32)
    return {"tflite": _tflite, "tfjs": _tfjs, "onnx": _onnx}[format](files, x, dict(outputs or {}))


def lacking(format: str) -> str:
    """Why a format's published models cannot be run here, and what brings that; "" where they can."""
    if format == "tflite" and importlib.util.find_spec("ai_edge_litert") is None:
        return "ai-edge-litert has no wheel for this machine"
    if format == "tfjs" and shutil.which("node") is None:
        return "tf.js needs Node 20 or newer"
    if format == "tfjs" and not (ROOT / "node_modules" / "@tensorflow" / "tfjs-core").is_dir():
        return "the packages of tf.js are not installed (npm ci brings them)"
    return ""


def arranged(model: onnx.ModelProto, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """What `run` gave, laid out as the outputs of the imported `model` are: NCHW where that says so."""
    turned = {value.name for value in model.graph.output if value.doc_string == "NCHW"}
    return {
        role: array.transpose(0, 3, 1, 2) if role in turned and array.ndim == 4 else array
        for role, array in arrays.items()
    }


def _joined(rows: list[dict[str, Array]]) -> dict[str, Array]:
    for role in rows[0]:
        if len({row[role].shape for row in rows}) > 1:
            raise Unreadable(
                f"the output {role!r} has another size for each picture: "
                "name others in [outputs] to leave it out"
            )
    return {role: np.concatenate([np.atleast_1d(row[role]) for row in rows]) for role in rows[0]}


# ---- LiteRT ----


def _tflite(files: Mapping[str, bytes], x: Array, outputs: dict[str, str]) -> dict[str, Array]:
    """By a process of its own: on a file that does not hold together LiteRT ends the process it runs in."""
    data = next(iter(files.values()))
    network = tflite.parse(data)
    own = {name: int(value[1:]) for name, value in network.outputs.items()}
    wanted = {role: int(network.names[name][1:]) for role, name in outputs.items()} or own
    with tempfile.TemporaryDirectory(prefix="vitrine-litert-") as name:
        folder = Path(name)
        (folder / "model.tflite").write_bytes(data)
        np.save(folder / "pictures.npy", x)
        inside = bool(set(wanted.values()) - set(own.values()))
        job = json.dumps({"tensors": list(wanted.values()), "inside": inside})
        (folder / "job.json").write_text(job, "utf-8")
        _ran("LiteRT", [sys.executable, "-m", "models.verify.litert", name])
        return {role: np.load(folder / f"{index}.npy") for role, index in wanted.items()}


# ---- tf.js ----


def _tfjs(files: Mapping[str, bytes], x: Array, outputs: dict[str, str]) -> dict[str, Array]:
    network = tfjs.parse(files)
    wanted = outputs or dict(network.outputs)
    with tempfile.TemporaryDirectory(prefix="vitrine-tfjs-") as name:
        folder = Path(name)
        stored = {}
        for index, (path, data) in enumerate(files.items()):
            stored[path] = f"file{index}"
            (folder / stored[path]).write_bytes(data)
        job = {
            "backend": BACKEND,
            "model": stored[tfjs.main(files)],
            "shards": stored,
            "input": network.picture,
            "outputs": [network.names[name] for name in wanted.values()],
            "shape": x.shape,
        }
        (folder / "pictures.bin").write_bytes(x.tobytes())
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        _ran("tf.js", [shutil.which("node") or "node", str(SCRIPT), str(folder)])
        shapes = json.loads((folder / "shapes.json").read_text("utf-8"))
        return _joined(
            [
                {
                    role: np.fromfile(folder / f"{picture}-{place}.bin", np.float32).reshape(row[place])
                    for place, role in enumerate(wanted)
                }
                for picture, row in enumerate(shapes)
            ]
        )


def _ran(who: str, command: list[str]) -> None:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)
    except subprocess.TimeoutExpired:
        raise Unreadable(f"{who} did not finish in {PATIENCE:.0f} seconds") from None
    if ran.returncode:
        lines = [line for line in ran.stderr.splitlines() if "Error" in line] or ["it stopped"]
        raise Unreadable(f"{who} refuses the model: {lines[-1].strip()[:300]}")


# ---- onnxruntime ----


def _onnx(files: Mapping[str, bytes], x: Array, outputs: dict[str, str]) -> dict[str, Array]:
    import onnxruntime

    data = next(iter(files.values()))
    rows = []
    try:
        model = onnx.load_model_from_string(data)
        wanted = outputs or {value.name: value.name for value in model.graph.output}
        if set(wanted.values()) - {value.name for value in model.graph.output}:
            known = {v.name: v for v in onnx.shape_inference.infer_shapes(model).graph.value_info}
            known |= {value.name: value for value in model.graph.output}
            del model.graph.output[:]
            model.graph.output.extend(known[name] for name in wanted.values())
            data = model.SerializeToString()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        (taken,) = session.get_inputs()
        turned = x.transpose(0, 3, 1, 2) if taken.shape[1] == 3 else x
        kind = {"tensor(float16)": np.float16, "tensor(uint8)": np.uint8}.get(taken.type, np.float32)
        for picture in turned:
            given = np.rint(picture[None]) if kind is np.uint8 else picture[None]
            found = session.run(list(wanted.values()), {taken.name: np.ascontiguousarray(given.astype(kind))})
            rows.append(dict(zip(wanted, found, strict=True)))
    except Exception as error:  # onnxruntime's and protobuf's own classes
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Unreadable(f"onnxruntime refuses the file: {said}") from None
    return _joined(rows)
