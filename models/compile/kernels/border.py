"""Zero borders of maps: which maps need one, and the code that clears it.

Does not read a border: convolutions do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.compile.ir import LANES, Buffer
from models.compile.wasm import Function

Edges = tuple[int, int, int, int]  # top, left, bottom, right, in pixels


def pads(node: Any) -> Edges:
    """The padding of a convolution or pooling node."""
    top, left, bottom, right = node.attributes.get("pads", [0, 0, 0, 0])
    return top, left, bottom, right


def wanted(nodes: Sequence[Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Edges]:
    """The border that each value needs for the nodes that read it."""
    borders: dict[str, Edges] = {}
    for node in nodes:
        if node.op in ("Conv", "AveragePool"):
            edges = pads(node)
        elif node.op == "ConvTranspose" and node.inputs[1] in shapes:
            kernel = shapes[node.inputs[1]][2:]
            strides = node.attributes.get("strides", [1, 1])
            down, across = (-(-k // s) - 1 for k, s in zip(kernel, strides, strict=True))
            edges = down, across, down, across
        else:
            continue
        before = borders.get(node.inputs[0], (0, 0, 0, 0))
        borders[node.inputs[0]] = tuple(map(max, before, edges))  # type: ignore[assignment]
    return borders


def clear(f: Function, buffer: Buffer) -> None:
    """Emit zeros around a map: above it, below it, and between its rows."""
    top, left, _, right = buffer.border
    rows, columns, pitch = buffer.map
    row = 4 * (left + columns + right) * pitch
    first = buffer.offset + top * row + 4 * left * pitch
    _zero(f, buffer.offset, first - buffer.offset)
    end = first + rows * row - 4 * (left + right) * pitch
    _zero(f, end, buffer.offset + buffer.bytes - end)
    gap = 4 * (left + right) * pitch
    if not gap or rows == 1:
        return
    pointer = f.local()
    with f.repeat(rows - 1):
        at = first + 4 * columns * pitch
        done = 0
        while gap - done >= 4 * LANES:
            f.get(pointer)
            f.splat(0.0)
            f.memory("v128.store", at + done)
            done += 4 * LANES
        while done < gap:
            f.get(pointer)
            f.i32(0)
            f.memory("i32.store", at + done)
            done += 4
        f.add(pointer, row)


def _zero(f: Function, at: int, size: int) -> None:
    if size > 0:
        f.i32(at)
        f.i32(0)
        f.i32(size)
        f.fill()
