"""Runs a published model in its own runtime: LiteRT, tf.js under Node, or onnxruntime.

Does not use the graphs of the importers, which are compared with these results.
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

from app.core.errors import UserError
from models.importers import tfjs, tflite
from models.importers.errors import ModelFileError, leave_out
from models.importers.ir import Array

SCRIPT = Path(__file__).with_suffix(".mjs")
ROOT = Path(__file__).parents[2]
TIMEOUT = 900.0  # seconds for one run of LiteRT or tf.js, which may have hundreds of pictures
# The backends of tf.js for WebAssembly and for plain JavaScript agree to 2e-6 of the range. A picture of
# BodyPix 1.0, 241 x 321, takes 0.5 seconds with the first and 8.4 with the second.
BACKEND = "wasm"

Outputs = Mapping[str, str]


class MissingRuntimeError(UserError):
    """The runtime of a format is not installed; the message names it and says what to do."""


def run(
    format: str, files: Mapping[str, bytes], x: Array, outputs: Outputs | None = None
) -> dict[str, Array]:
    """role -> output of the published model for `x`, float32 or int64, in the file's own layout.

    `x` is float32 [n,H,W,3] in the card's range (byte * scale + offset). Every picture is run on its own, and
    the results are concatenated along their first axis. `outputs` is role -> name of a tensor; empty takes
    all outputs by their own names. Integer inputs and outputs are converted by the file's scales. Raises
    MissingRuntimeError, and ModelFileError for a model that the runtime rejects.
    """
    if reason := missing_runtime(format):
        raise MissingRuntimeError(reason)
    x = np.ascontiguousarray(x, np.float32)
    return {"tflite": _tflite, "tfjs": _tfjs, "onnx": _onnx}[format](files, x, dict(outputs or {}))


def missing_runtime(format: str) -> str:
    """Why models of a format cannot be run here, and what to do; "" where they can."""
    if format == "tflite" and importlib.util.find_spec("ai_edge_litert") is None:
        return "ai-edge-litert is not installed: it has no wheel for this machine."
    if format == "tfjs" and shutil.which("node") is None:
        return "tf.js needs Node 20 or newer. Install it."
    if format == "tfjs" and not (ROOT / "node_modules" / "@tensorflow" / "tfjs-core").is_dir():
        return "the packages of tf.js are not installed. Run npm ci."
    return ""


def in_graph_layout(model: onnx.ModelProto, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The results of `run` in the layout of the imported `model`'s outputs: NCHW where they are NCHW."""
    nchw = {value.name for value in model.graph.output if value.doc_string == "NCHW"}
    return {
        role: array.transpose(0, 3, 1, 2) if role in nchw and array.ndim == 4 else array
        for role, array in arrays.items()
    }


def _concatenated(rows: list[dict[str, Array]]) -> dict[str, Array]:
    for role in rows[0]:
        if len({row[role].shape for row in rows}) > 1:
            raise ModelFileError(f"the output {role!r} has a different size for each picture.", leave_out)
    return {role: np.concatenate([np.atleast_1d(row[role]) for row in rows]) for role in rows[0]}


# ---- LiteRT ----


def _tflite(files: Mapping[str, bytes], x: Array, outputs: dict[str, str]) -> dict[str, Array]:
    """Runs in a process of its own, because LiteRT aborts on a damaged file."""
    data = next(iter(files.values()))
    network = tflite.parse(data)
    all_outputs = {name: int(value[1:]) for name, value in network.outputs.items()}
    tensors = {role: int(network.names[name][1:]) for role, name in outputs.items()} or all_outputs
    with tempfile.TemporaryDirectory(prefix="vitrine-litert-") as name:
        folder = Path(name)
        (folder / "model.tflite").write_bytes(data)
        np.save(folder / "pictures.npy", x)
        inside = bool(set(tensors.values()) - set(all_outputs.values()))
        job = json.dumps({"tensors": list(tensors.values()), "inside": inside})
        (folder / "job.json").write_text(job, "utf-8")
        _run("LiteRT", [sys.executable, "-m", "models.verify.litert", name])
        return {role: np.load(folder / f"{index}.npy") for role, index in tensors.items()}


# ---- tf.js ----


def _tfjs(files: Mapping[str, bytes], x: Array, outputs: dict[str, str]) -> dict[str, Array]:
    network = tfjs.parse(files)
    tensors = outputs or dict(network.outputs)
    with tempfile.TemporaryDirectory(prefix="vitrine-tfjs-") as name:
        folder = Path(name)
        stored = {}
        for index, (path, data) in enumerate(files.items()):
            stored[path] = f"file{index}"
            (folder / stored[path]).write_bytes(data)
        job = {
            "backend": BACKEND,
            "model": stored[tfjs.model_json(files)],
            "shards": stored,
            "input": network.picture,
            "outputs": [network.names[name] for name in tensors.values()],
            "shape": x.shape,
        }
        (folder / "pictures.bin").write_bytes(x.tobytes())
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        _run("tf.js", [shutil.which("node") or "node", str(SCRIPT), str(folder)])
        shapes = json.loads((folder / "shapes.json").read_text("utf-8"))
        return _concatenated(
            [
                {
                    role: np.fromfile(folder / f"{picture}-{place}.bin", np.float32).reshape(row[place])
                    for place, role in enumerate(tensors)
                }
                for picture, row in enumerate(shapes)
            ]
        )


def _run(runtime: str, command: list[str]) -> None:
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, cwd=ROOT)
    except subprocess.TimeoutExpired:
        raise ModelFileError(f"{runtime} took longer than {TIMEOUT:.0f} seconds for the model.") from None
    if process.returncode:
        lines = [line for line in process.stderr.splitlines() if "Error" in line] or ["it stopped"]
        raise ModelFileError(f"{runtime} rejects the model ({lines[-1].strip()[:300]}).")


# ---- onnxruntime ----


def _onnx(files: Mapping[str, bytes], x: Array, outputs: dict[str, str]) -> dict[str, Array]:
    import onnxruntime

    data = next(iter(files.values()))
    rows = []
    try:
        model = onnx.load_model_from_string(data)
        tensors = outputs or {value.name: value.name for value in model.graph.output}
        if set(tensors.values()) - {value.name for value in model.graph.output}:
            known = {v.name: v for v in onnx.shape_inference.infer_shapes(model).graph.value_info}
            known |= {value.name: value for value in model.graph.output}
            del model.graph.output[:]
            model.graph.output.extend(known[name] for name in tensors.values())
            data = model.SerializeToString()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        (input,) = session.get_inputs()
        pictures = x.transpose(0, 3, 1, 2) if input.shape[1] == 3 else x
        kind = {"tensor(float16)": np.float16, "tensor(uint8)": np.uint8}.get(input.type, np.float32)
        for picture in pictures:
            array = np.rint(picture[None]) if kind is np.uint8 else picture[None]
            feeds = {input.name: np.ascontiguousarray(array.astype(kind))}
            rows.append(dict(zip(tensors, session.run(list(tensors.values()), feeds), strict=True)))
    except Exception as error:  # onnxruntime's and protobuf's own classes
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelFileError(f"onnxruntime rejects the file ({reason}).") from None
    return _concatenated(rows)
