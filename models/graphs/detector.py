"""Postprocessing of a face detector: decoding, non-maximum suppression, and a Mask drawn from the faces.

Does not read pixels (wrap.py adds the preprocessing).
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from app.core.errors import UserError
from app.core.nms import FACES, OVERLAP, ROW, SCORE, SHORTLIST
from models.graphs import silhouette
from models.graphs.text import SMOOTHING, merge, output_names, shapes, text
from models.spec.card import Card

# SSD anchors of fixed size, of which only the centre is used: number of rows -> (cells per side, anchors per
# cell). MediaPipe's face_detection_short_range (128x128) has 2 in each cell of a 16x16 map and 6 in each of
# an 8x8 map; face_detection_full_range (192x192) has one in each cell of a 48x48 map.
ANCHORS = {896: ((16, 2), (8, 6)), 2304: ((48, 1),)}

Array = NDArray[np.float32]


def postprocess(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with the inputs memory and keep and the outputs `faces` and `mask`. Raises as `decode`."""
    decoded = decode(card, model)
    (count, _) = shapes(decoded)["candidates"]
    selected = merge(decoded, select(count), [("candidates", "candidates")])
    return merge(selected, portrait_mask(card), [("faces", "faces")], extra_outputs=["faces"])


def decode(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """BlazeFace with its roles `raw` and `logits` decoded to `candidates` [n,17], 0 to 1 of the input.

    Raises UserError where a role is missing or no anchors are known for the number of rows.
    """
    if missing := {"raw", "logits"} - set(output_names(model)):
        raise UserError(f"{card.id}: a detector needs the output {sorted(missing)[0]}. Name it in [outputs].")
    size = card.input.height
    count = shapes(model)["raw"][1]
    if count not in ANCHORS:
        numbers = " or ".join(map(str, ANCHORS))
        raise UserError(
            f"{card.id}: the output raw has {count} rows, "
            f"but models/graphs/detector.py has anchors for {numbers} only."
        )
    body = f"""decode (float[1,{count},16] raw, float[1,{count},1] logits)
    => (float[{count},{ROW}] candidates)
    <int64[2] rows = {{{count}, 16}}, int64[2] column = {{{count}, 1}}> {{
        flat = Reshape(raw, rows)
        offsets = MatMul(flat, corners)
        places = Add(offsets, anchors)
        sure = Sigmoid(logits)
        scores = Reshape(sure, column)
        candidates = Concat<axis = 1>(scores, places)
    }}"""
    decoder = text(body, {"corners": _corners() / np.float32(size), "anchors": _anchors(count)})
    return merge(model, decoder, [("raw", "raw"), ("logits", "logits")])


def select(count: int) -> onnx.ModelProto:
    """A graph from `candidates` [count,17] to `faces` [5,17], best first; equal to app.core.nms.select.

    Non-maximum suppression; then each face is the mean of all candidates that it suppresses, weighted by
    score, as in MediaPipe. The mean makes boxes steadier from frame to frame.
    """
    body = f"""select (float[{count},{ROW}] candidates) => (float[{FACES},{ROW}] faces)
    <int64[1] zero = {{0}}, int64[1] one = {{1}}, int64[1] two = {{2}}, int64[1] three = {{3}},
     int64[1] five = {{5}},
     int64[1] wide = {{{ROW}}}, int64[1] many = {{{SHORTLIST}}}, int64 most = {{{FACES}}},
     float overlap = {{{OVERLAP}}}, float enough = {{{SCORE}}}, float tiny = {{1e-9}}> {{
        column = Slice(candidates, zero, one, one)
        line = Squeeze(column, one)
        scores, order = TopK<axis = 0>(line, many)
        table = Gather<axis = 0>(candidates, order)
        a = Slice(table, one, three, one)
        b = Slice(table, three, five, one)
        low = Min(a, b)
        high = Max(a, b)
        corners = Concat<axis = 1>(low, high)
        boxes = Unsqueeze(corners, zero)
        batch = Unsqueeze(scores, zero)
        ranks = Unsqueeze(batch, zero)
        found = NonMaxSuppression(boxes, ranks, most, overlap, enough)
        where = Slice(found, two, three, one)
        picks = Squeeze(where, one)
        filled = Concat<axis = 0>(picks, none)
        chosen = Slice(filled, zero, five, zero)
        rows = Concat<axis = 0>(table, empty)
        best = Gather<axis = 0>(rows, chosen)
        low_rows = Concat<axis = 0>(low, no_corner)
        high_rows = Concat<axis = 0>(high, no_corner)
        low5 = Gather<axis = 0>(low_rows, chosen)
        high5 = Gather<axis = 0>(high_rows, chosen)
        low1 = Unsqueeze(low5, one)
        high1 = Unsqueeze(high5, one)
        left = Max(low1, low)
        right = Min(high1, high)
        shared = Sub(right, left)
        sides = Relu(shared)
        common = ReduceProd<axes = [2], keepdims = 0>(sides)
        extent = Sub(high, low)
        area = ReduceProd<axes = [1], keepdims = 0>(extent)
        extent5 = Sub(high5, low5)
        area5 = ReduceProd<axes = [1], keepdims = 1>(extent5)
        sum = Add(area5, area)
        union = Sub(sum, common)
        limit = Mul(union, overlap)
        same = Greater(common, limit)
        sure = Greater(scores, enough)
        both = And(same, sure)
        member = Cast<to = 1>(both)
        weights = Mul(member, scores)
        total = ReduceSum<keepdims = 1>(weights, one)
        safe = Max(total, tiny)
        shares = Div(weights, safe)
        mean = MatMul(shares, table)
        score = Slice(best, zero, one, one)
        place = Slice(mean, one, wide, one)
        faces = Concat<axis = 1>(score, place)
    }}"""
    return text(
        body,
        {
            "none": np.full(FACES, SHORTLIST, np.int64),  # the index of the empty row
            "empty": np.zeros((1, ROW), np.float32),
            "no_corner": np.zeros((1, 2), np.float32),
        },
    )


def portrait_mask(card: Card) -> onnx.ModelProto:
    """A graph from `faces` [5,17], `memory` and `keep` to `mask`: head and shoulders, smoothed."""
    h, w = card.mask
    size = f"float[1,1,{h},{w}]"
    drawing, weights = silhouette.graph(h, w, FACES)
    body = f"""portrait (float[{FACES},{ROW}] faces, {size} memory, float[1] keep) => ({size} mask)
    <float[1] four = {{4}}> {{
        {drawing}
        {SMOOTHING}
    }}"""
    return text(body, {**weights})


def _anchors(count: int) -> Array:
    """[count,16]: for each row the centre of its anchor, repeated for every (x, y)."""
    centres = []
    for cells, many in ANCHORS[count]:
        steps = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(steps, steps, indexing="ij")
        centres.append(np.stack([x.ravel(), y.ravel()], 1).repeat(many, 0))
    return np.tile(np.concatenate(centres), 8).astype(np.float32)


def _corners() -> Array:
    """[16,16]: the matrix that turns centre and size of a box into its corners and keeps the points."""
    matrix = np.eye(16, dtype=np.float32)
    for axis in (0, 1):
        matrix[axis, axis + 2] = 1
        matrix[axis + 2, [axis, axis + 2]] = -0.5, 0.5
    return matrix
