"""Converts an ONNX model of another opset to opset 17 with onnx's version converter.

Does not check the model. The converter runs in a process of its own, because a damaged graph makes it abort.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
from onnx import version_converter

from models.artifacts import OPSET
from models.importers.errors import ModelFileError

TIMEOUT = 120.0  # seconds
EXPORT = f"Export the model again with opset {OPSET}"


def convert(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model at opset 17. Raises ModelFileError where it cannot be converted."""
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if version == OPSET:
        return model
    onnx.checker.check_model(model)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "models.importers.opset"],
            input=model.SerializeToString(),
            capture_output=True,
            timeout=TIMEOUT,
            cwd=Path(__file__).parents[2],
        )
    except subprocess.TimeoutExpired:
        raise ModelFileError(
            f"its conversion from opset {version} took longer than {TIMEOUT:.0f} seconds. {EXPORT}."
        ) from None
    if ran.returncode:
        reason = (ran.stderr.decode("utf-8", "replace").strip().splitlines() or ["the converter stopped"])[-1]
        raise ModelFileError(f"its opset {version} cannot be converted ({reason[:200]}). {EXPORT}.")
    result = onnx.ModelProto()
    result.ParseFromString(ran.stdout)
    return result


if __name__ == "__main__":
    source = onnx.load_model_from_string(sys.stdin.buffer.read())
    result = version_converter.convert_version(source, OPSET)
    for node in result.graph.node:
        if node.op_type.startswith("Reduce") and any(a.name == "axes" for a in node.attribute):
            # onnx 1.23 keeps this attribute of opset 18; it has no effect where axes are given.
            for index in reversed(range(len(node.attribute))):
                if node.attribute[index].name == "noop_with_empty_axes":
                    del node.attribute[index]
    sys.stdout.buffer.write(result.SerializeToString())
