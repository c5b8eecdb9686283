"""Artifacts: graphs as files whose names contain a hash of their content.

Does not build graphs and does not know where dist/ is.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx

from app.core.card import Graph

OPSET = 17  # the ONNX opset of every graph that the build writes


def serialize(model: onnx.ModelProto) -> bytes:
    """The bytes of a graph's file; equal graphs give equal bytes."""
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def write(
    name: str,
    data: bytes,
    out: Path,
    folder: str = "models",
    suffix: str = "onnx",
    weights: Graph | None = None,
) -> Graph:
    """Writes a graph's file to out/folder, which must exist; returns its description.

    `weights`: the other file of a compiled graph.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{folder}/{name}.{sha256[:8]}.{suffix}"
    (out / path).write_bytes(data)
    return Graph(path, len(data), sha256, weights)
