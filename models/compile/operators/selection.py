"""Operators that choose elements: gathering, the largest k, non-maximum suppression.

Does not emit code: kernels/gather.py, top_k.py and suppression.py do.
"""

from __future__ import annotations

from math import prod

import numpy as np

from models.compile import ir
from models.compile.graph import Node
from models.compile.ir import UnsupportedError, View, apply, dense_strides
from models.compile.kernels.gather import gather as emit_gather
from models.compile.kernels.suppression import suppress
from models.compile.kernels.top_k import PART, REMOVED
from models.compile.kernels.top_k import top_k as emit_top_k
from models.compile.lower import Lowering
from models.compile.operators.views import numbers, reshaped
from models.compile.packing import Const
from models.compile.registry import operator

LOWEST = -3.4028234663852886e38


@operator("Gather")
def gather(low: Lowering, node: Node) -> None:
    """Rows of an axis. One constant row is a View."""
    data = low.view(node.inputs[0])
    axis = node.attributes.get("axis", 0) % len(data.shape)
    constant = low.const(node.inputs[1])
    if constant is not None and constant.ndim == 0:
        row = int(constant) % data.shape[axis]
        low.define(node.outputs[0], data.sliced(axis, row, 1).squeezed(axis))
        return
    order = [axis, *(each for each in range(len(data.shape)) if each != axis)]
    indices = _indices(low, node.inputs[1])
    shape = (*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :])
    target = low.dense(shape, data.dtype, node.outputs[0])
    rank = len(indices.shape)
    front = [
        *range(axis, axis + rank),
        *(each for each in range(len(shape)) if not axis <= each < axis + rank),
    ]
    moved = target.transposed(front)
    rows = prod(indices.shape)
    flat = moved.reshaped((rows, *moved.shape[rank:])) if rank else moved.unsqueezed(0)
    if flat is None:
        raise UnsupportedError("its indices have several axes")
    _rows(low, node, data.transposed(order), _as_rows(indices, rows, 1), flat)
    low.define(node.outputs[0], target)


def _indices(low: Lowering, name: str) -> View:
    constant = low.const(name)
    if constant is not None:
        return low.weights.data(Const(np.ascontiguousarray(constant, np.int64)))
    view = low.view(name, plain=True)
    if view.dtype != "i32":
        raise UnsupportedError("its indices are no integers")
    return view


def _as_rows(view: View, rows: int, depth: int) -> View:
    """Contiguous indices as [rows, depth]."""
    return View(view.buffer, (rows, depth), (depth, 1), view.offset, view.dtype)


@operator("GatherND")
def gather_nd(low: Lowering, node: Node) -> None:
    """Elements or rows at positions of several axes."""
    if node.attributes.get("batch_dims", 0):
        raise UnsupportedError("batch dimensions are not supported")
    data, indices = low.view(node.inputs[0]), _indices(low, node.inputs[1])
    depth, rows = indices.shape[-1], prod(indices.shape[:-1])
    shape = (*indices.shape[:-1], *data.shape[depth:])
    target = low.dense(shape, data.dtype, node.outputs[0])
    flat = View(
        target.buffer, (rows, *data.shape[depth:]), dense_strides((rows, *data.shape[depth:])), 0, data.dtype
    )
    _rows(low, node, data, _as_rows(indices, rows, depth), flat)
    low.define(node.outputs[0], target)


def _rows(low: Lowering, node: Node, data: View, indices: View, out: View) -> None:
    low.step(
        f"gather {node.outputs[0]}", [data, indices], [out], lambda f: emit_gather(f, data, indices, out)
    )


@operator("TopK")
def top_k(low: Lowering, node: Node) -> None:
    """The k largest numbers of a row, in order, and their places."""
    view = low.view(node.inputs[0])
    axis = node.attributes.get("axis", -1) % len(view.shape)
    (k,) = numbers(low, node.inputs[1])
    n = view.shape[axis]
    if k > n:
        raise UnsupportedError(f"{k} numbers are wanted of {n}")
    if prod(view.shape) != n or not node.attributes.get("largest", 1) or view.dtype != "f32":
        raise UnsupportedError("only the largest floats of a single row are supported")
    values, places = node.outputs
    blocks = ir.round_up(n, PART) // PART
    left = low.dense((blocks * PART,), title=f"{values} left")
    most = low.dense((ir.round_up(blocks, 4),), title=f"{values} most")
    low.assign(left, ir.number(REMOVED), "fill")
    low.assign(most, ir.number(REMOVED), "fill")
    row = reshaped(low, node.inputs[0], (n,))
    # What is not a number, or is infinitely low, is more than what is removed.
    low.assign(left.sliced(0, 0, n), apply("max", ir.number(LOWEST), ir.load(row)), "copy")
    shape = tuple(k if i == axis else 1 for i in range(len(view.shape)))
    best, where = low.dense(shape, title=values), low.dense(shape, "i32", places)
    low.step(
        f"top {k} of {n}",
        [row, left, most],
        [left, most, best, where],
        lambda f: emit_top_k(f, row, left, most, k, best, where),
    )
    low.define(values, best)
    low.define(places, where)


@operator("PaddedNonMaxSuppression")
def suppression(low: Lowering, node: Node) -> None:
    """The numbers of the boxes that stay, best first, then the number that stands for none."""
    boxes, scores = (low.view(name, plain=True) for name in node.inputs[:2])
    limits = [low.const(name) if name else None for name in (*node.inputs[2:], "", "", "")[:3]]
    if boxes.shape[0] != 1 or scores.shape[:2] != (1, 1) or node.attributes.get("center_point_box", 0):
        raise UnsupportedError("only one picture, one class, and boxes given by corners are supported")
    missing = 0.0, 0.0, float("-inf")
    most, overlap, enough = (
        float(limit.reshape(-1)[0]) if limit is not None else other
        for limit, other in zip(limits, missing, strict=True)
    )
    count = node.attributes["count"]
    n = scores.shape[2]
    left = low.dense((n,), title=f"{node.outputs[0]} left")
    low.assign(left, ir.load(scores.squeezed(0).squeezed(0)), "copy")
    target = low.dense((count,), "i32", node.outputs[0])
    low.step(
        f"suppression of {n} boxes",
        [boxes, left],
        [left, target],
        lambda f: suppress(
            f, boxes, left, min(count, int(most)), overlap, enough, node.attributes["none"], target
        ),
    )
    low.define(node.outputs[0], target)
