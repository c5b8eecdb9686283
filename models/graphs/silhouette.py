"""A silhouette of head and shoulders drawn from faces, as ONNX lines and matrices: the Mask of BlazeFace.

Does not find faces and does not smooth over time.

Each shape is a conic f(u, v) > 0 in a coordinate frame of the face: u to the side, v down. The unit is the
length of d = (right eye to left eye) + (eyes to mouth, turned by 90 degrees): it stays about the same when
the head turns aside or nods, and its direction is the roll. The frames are affine, so every conic is also a
conic in the picture, and all shapes of all faces are a single MatMul with the grid (1, x, y, xx, xy, yy).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Weights = dict[str, NDArray[np.generic]]

EDGE = 14.0  # steepness: the edge rises from 0.1 to 0.9 over 4.4 / EDGE units, about 4 cm, ...
CELLS = 2.5  # ... but over at least this many cells of the Mask, or small faces would have jagged edges
NECK = 0.4  # units from the middle of the face to the origin of the upright frame, along the head


def _ellipse(v: float, across: float, down: float) -> dict[str, float]:
    """An ellipse with the centre (0, v) and these half axes. At its sides its slope is -1 per unit."""
    k = across / 2 / down**2
    return {"1": across / 2 - k * v * v, "v": 2 * k * v, "vv": -k, "uu": -0.5 / across}


# (frame, conic): "head" turns with the head, "body" is upright below it. The numbers are close to the best
# mean IoU (0.77) over 65 portraits with hand-made masks, framed as in a video call.
SHAPES: tuple[tuple[str, dict[str, float]], ...] = (
    ("head", _ellipse(-0.32, 0.79, 0.95)),  # face, ears and hair
    ("body", _ellipse(-0.15, 0.7, 0.7)),  # chin, neck, hair beside them
    ("body", _ellipse(2.0, 1.6, 1.05)),  # shoulders
    ("body", _ellipse(5.0, 2.0, 5.5)),  # collar, chest and arms, wider towards the lower edge
)

# Computed from a row of `faces`: the centre c of the box, d, and the origin o of the body's frame.
W = ("one", "cx", "cy", "dx", "dy", "ox", "oy")
# The frames as rows over (1, x, y): u = U.(1, x, y). Products of W, over d.d or over its length.
FRAME: tuple[tuple[str, str, tuple[tuple[float, str, str], ...]], ...] = (
    ("head u 1", "square", ((-1, "cx", "dx"), (-1, "cy", "dy"))),
    ("head u x", "square", ((1, "dx", "one"),)),
    ("head u y", "square", ((1, "dy", "one"),)),
    ("head v 1", "square", ((1, "cx", "dy"), (-1, "cy", "dx"))),
    ("head v x", "square", ((-1, "dy", "one"),)),
    ("head v y", "square", ((1, "dx", "one"),)),
    ("body u 1", "length", ((-1, "ox", "one"),)),
    ("body u x", "length", ((1, "one", "one"),)),
    ("body v 1", "length", ((-1, "oy", "one"),)),
    ("body v y", "length", ((1, "one", "one"),)),
)
SIZE = ((1.0, "dx", "dx"), (1.0, "dy", "dy"))  # d.d
GRID = ("1", "x", "y", "xx", "xy", "yy")
ABSENT = 4000.0  # subtracted everywhere for a row without a face, whose v reaches 1 / sqrt(1e-6)


def graph(height: int, width: int, faces: int) -> tuple[str, Weights]:
    """ONNX lines from `faces` [faces,17] to `p` [1,1,height,width], and the constants they use.

    `p` is 0 to 1, and 0 everywhere for rows of zeros. ReduceMax unites the shapes after the Reshape:
    WebGL keeps a texture's layout over a Reshape, and would combine pictures of equal shape by texture
    coordinate.
    """
    lines = """
        picked = MatMul(faces, take)
        w = Add(picked, unit)
        left = MatMul(w, left_of)
        right = MatMul(w, right_of)
        products = Mul(left, right)
        sums = MatMul(products, sum_of)
        square = MatMul(products, size_of)
        safe = Add(square, tiny)
        length = Sqrt(safe)
        by_square = MatMul(safe, squares)
        by_length = MatMul(length, lengths)
        divisor = Add(by_square, by_length)
        frame = Div(sums, divisor)
        frame_left = MatMul(frame, frame_left_of)
        frame_right = MatMul(frame, frame_right_of)
        second = Mul(frame_left, frame_right)
        score = MatMul(faces, score_of)
        there = Clip(score, nought, half)
        terms = Concat<axis = 1>(there, frame, second)
        mixed = MatMul(terms, conics)
        whole = Add(mixed, base)
        blur = Mul(length, by_cells)
        edge = Clip(blur, nought, steepest)
        soft = Mul(whole, edge)
        shapes = Reshape(soft, conic_rows)
        heights = MatMul(shapes, grid)
        layers = Reshape(heights, pictures)
        union = ReduceMax<axes = [0], keepdims = 1>(layers)
        p = Sigmoid(union)
    """
    return lines, _weights(height, width, faces)


def _weights(height: int, width: int, faces: int) -> Weights:
    terms = [(n, product) for n, (_, _, sums) in enumerate(FRAME) for product in sums]
    products = [product for _, product in terms] + list(SIZE)
    sum_of = np.zeros((len(products), len(FRAME)), np.float32)
    for row, (column, (sign, _, _)) in enumerate(terms):
        sum_of[row, column] = sign
    size_of = np.zeros((len(products), 1), np.float32)
    size_of[len(terms) :] = 1
    names = [name for name, _, _ in FRAME]
    pairs = [(a, b) for a in names for b in names if a <= b and a[:6] == b[:6]]
    conics, base = _conics(names, pairs)
    return {
        "take": _take(),
        "unit": np.array([[1] + [0] * (len(W) - 1)], np.float32),
        "left_of": _pick([p[1] for p in products], W),
        "right_of": _pick([p[2] for p in products], W),
        "sum_of": sum_of,
        "size_of": size_of,
        "tiny": np.array([1e-6], np.float32),
        "squares": np.array([[kind == "square" for _, kind, _ in FRAME]], np.float32),
        "lengths": np.array([[kind == "length" for _, kind, _ in FRAME]], np.float32),
        "frame_left_of": _pick([a for a, _ in pairs], names),
        "frame_right_of": _pick([b for _, b in pairs], names),
        "score_of": np.eye(17, 1, dtype=np.float32),
        "nought": np.array(0, np.float32),
        "half": np.array(0.5, np.float32),
        "by_cells": np.array([4.4 * height / CELLS], np.float32),
        "steepest": np.array(EDGE, np.float32),
        "conics": conics,
        "base": base,
        "conic_rows": np.array([faces * len(SHAPES), len(GRID)], np.int64),
        "grid": _grid(height, width),
        "pictures": np.array([faces * len(SHAPES), 1, height, width], np.int64),
    }


def _take() -> Array:
    """[17,7]: the matrix from a row of `faces` to W without its constant 1."""
    x0, y0, x1, y1, right_x, right_y, left_x, left_y, _, _, mouth_x, mouth_y = range(1, 13)
    take = np.zeros((17, len(W)), np.float32)
    take[[x0, x1], 1] = take[[y0, y1], 2] = 0.5
    take[[left_x, right_x, mouth_y, right_y, left_y], 3] = 1, -1, 1, -0.5, -0.5
    take[[left_y, right_y, mouth_x, right_x, left_x], 4] = 1, -1, -1, 0.5, 0.5
    take[:, 5] = take[:, 1] - NECK * take[:, 4]  # down along the head is the direction (-dy, dx)
    take[:, 6] = take[:, 2] + NECK * take[:, 3]
    return take


def _pick(selected: list[str], names: tuple[str, ...] | list[str]) -> Array:
    """A matrix that selects the columns `selected` of `names`, in this order."""
    matrix = np.zeros((len(names), len(selected)), np.float32)
    matrix[[names.index(name) for name in selected], range(len(selected))] = 1
    return matrix


def _conics(names: list[str], pairs: list[tuple[str, str]]) -> tuple[Array, Array]:
    """The matrix from (score, frame, products) to the coefficients of each shape over GRID, and its bias."""
    conics = np.zeros((1 + len(names) + len(pairs), len(SHAPES), len(GRID)), np.float32)
    base = np.zeros((1, len(SHAPES), len(GRID)), np.float32)
    conics[0, :, 0] = 2 * ABSENT
    for s, (frame, shape) in enumerate(SHAPES):
        base[0, s, 0] = shape["1"] - ABSENT
        for row, name in enumerate(names):
            if name[:6] == f"{frame} v":
                conics[1 + row, s, GRID.index(name[-1])] += shape.get("v", 0.0)
        for row, (a, b) in enumerate(pairs):
            if a[:4] == frame:
                over = "".join(sorted((a[-1] + b[-1]).replace("1", ""))) or "1"
                twice = 1 if a == b else 2
                axis = GRID.index(over)
                conics[1 + len(names) + row, s, axis] += twice * shape.get(a[5] * 2, 0.0)
    return conics.reshape(len(conics), -1), base.reshape(1, -1)


def _grid(height: int, width: int) -> Array:
    """[6, height * width]: GRID at the centre of every cell, 0 to 1 of the picture."""
    y, x = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).reshape(6, -1).astype(np.float32)
