"""Graphs as files, named by what is in them.

Does not make a graph and does not know where dist/ is.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx

from app.core.card import Graph


def file(model: onnx.ModelProto) -> bytes:
    """A graph as the bytes of its file, always the same."""
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def kept(name: str, data: bytes, out: Path, folder: str = "models") -> Graph:
    """A graph's file, written to out/folder, which has to be there."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"{folder}/{name}.{sha256[:8]}.onnx"
    (out / path).write_bytes(data)
    return Graph(path, len(data), sha256)
