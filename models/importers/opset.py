"""An ONNX model of another opset as one of opset 17, by onnx's version converter.

Does not look at what the model is. The converter runs in a process of its own: on a damaged graph it aborts.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
from onnx import version_converter

from models.importers.builder import OPSET
from models.importers.ir import Unreadable

PATIENCE = 120.0  # seconds
EXPORT = f"export the model again with opset {OPSET}"


def converted(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same at opset 17. Raises models.importers.ir.Unreadable for one that does not convert."""
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if version == OPSET:
        return model
    onnx.checker.check_model(model)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "models.importers.opset"],
            input=model.SerializeToString(),
            capture_output=True,
            timeout=PATIENCE,
            cwd=Path(__file__).parents[2],
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(f"it is of opset {version} and does not convert in time: {EXPORT}") from None
    if ran.returncode:
        reason = (ran.stderr.decode("utf-8", "replace").strip().splitlines() or ["the converter stopped"])[-1]
        raise Unreadable(f"it is of opset {version} and does not convert ({reason[:200]}): {EXPORT}")
    result = onnx.ModelProto()
    result.ParseFromString(ran.stdout)
    return result


if __name__ == "__main__":
    given = onnx.load_model_from_string(sys.stdin.buffer.read())
    made = version_converter.convert_version(given, OPSET)
    for node in made.graph.node:
        if node.op_type.startswith("Reduce") and any(a.name == "axes" for a in node.attribute):
            # onnx 1.23 leaves this on; it came with opset 18 and says nothing beside axes.
            for index in reversed(range(len(node.attribute))):
                if node.attribute[index].name == "noop_with_empty_axes":
                    del node.attribute[index]
    sys.stdout.buffer.write(made.SerializeToString())
