"""Fronts and backs: the published network becomes the graph the page runs, bytes in and Mask out.

Does not know backends (lower.py does) and never changes what the network computes.
A front turns rgba bytes [1,H,W,4] into the network's planes; a back turns its outputs into
`mask`, smoothed over time, or `candidates` and `faces`. They are ONNX text, merged and checked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import compose, numpy_helper, parser

from models import silhouette
from models.cards import Card
from models.tflite import OPSET

# MediaPipe's face_detection_short_range options: SSD anchors of fixed size (the centre alone
# counts), 2 on each cell of the 16x16 map and 6 on each of the 8x8 map: 896; at the other settings
# score 0.5 and IoU 0.3 are the defaults of its Python and JavaScript solutions.
ANCHORS = ((16, 2), (8, 6))  # (cells a side, anchors a cell)
SCORE = 0.5
OVERLAP = 0.3
FACES = 5
SHORTLIST = 64  # only the best candidates are compared; a face gives some 5 to 20
ROW = 17  # score, x0, y0, x1, y1, six (x, y)

Array = NDArray[np.float32]
HEAD = f'<ir_version: 8, opset_import: ["" : {OPSET}]>\n'

# mask = p + (memory - p) * keep * 4p(1 - p): where the network is sure it is not held back.
SMOOTH = """
    still = Mul(p, p)
    doubt = Sub(p, still)
    gain = Mul(keep, four)
    hold = Mul(doubt, gain)
    change = Sub(memory, p)
    step = Mul(change, hold)
    mask = Add(p, step)
"""


def text(body: str, weights: dict[str, NDArray[np.generic]] | None = None) -> onnx.ModelProto:
    """A model from ONNX text (one graph, opset 17), with `weights` as its initialisers, checked."""
    model = parser.parse_model(HEAD + body)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in (weights or {}).items()
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def constants(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    """The initialisers by name."""
    return {tensor.name: tensor for tensor in model.graph.initializer}


def front(card: Card, model: onnx.ModelProto, rgba: str) -> onnx.ModelProto:
    """`model` with the input `rgba` ("uint8" or "float32", 0 to 255 both) instead of planes.

    The scale goes into the first convolution. The offset cannot: the zeros that pad the picture
    stand for bytes of -offset / scale, so it is subtracted before the padding.
    """
    height, width = card.input.height, card.input.width
    model = _scaled(model, card.scale)
    kind = {"uint8": "uint8", "float32": "float"}[rgba]
    cast = "colours = Cast<to=1>(bytes)" if rgba == "uint8" else "colours = Identity(bytes)"
    body = f"""front ({kind}[1,{height},{width},4] rgba) => (float[1,3,{height},{width}] planes)
    <int64[1] first = {{0}}, int64[1] last = {{3}}, int64[1] axis = {{1}}, float middle = {{{-card.offset / card.scale}}}> {{
        layers = Transpose<perm = [0, 3, 1, 2]>(rgba)
        bytes = Slice(layers, first, last, axis)
        {cast}
        planes = {"Sub(colours, middle)" if card.offset else "Identity(colours)"}
    }}"""
    return _chain(text(body), model, [("planes", model.graph.input[0].name)])


def segmenter(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` (one probability map) with memory and keep in, mask out."""
    h, w = card.mask
    size = f"float[1,1,{h},{w}]"
    body = f"""back ({size} p, {size} memory, float[1] keep) => ({size} mask) <float[1] four = {{4}}> {{
        {SMOOTH}
    }}"""
    return _chain(model, text(body), [(model.graph.output[0].name, "p")])


def candidates(model: onnx.ModelProto) -> onnx.ModelProto:
    """BlazeFace with its two outputs decoded to `candidates` [896,17], 0 to 1 of the input."""
    size = model.graph.input[0].type.tensor_type.shape.dim[2].dim_value
    count = sum(cells * cells * many for cells, many in ANCHORS)
    body = f"""decode (float[1,{count},16] raw, float[1,{count},1] logits) => (float[{count},{ROW}] candidates)
    <int64[2] rows = {{{count}, 16}}, int64[2] column = {{{count}, 1}}> {{
        flat = Reshape(raw, rows)
        offsets = MatMul(flat, corners)
        places = Add(offsets, anchors)
        sure = Sigmoid(logits)
        scores = Reshape(sure, column)
        candidates = Concat<axis = 1>(scores, places)
    }}"""
    back = text(body, {"corners": _corners() / np.float32(size), "anchors": _anchors()})
    wide = {o.name: o.type.tensor_type.shape.dim[2].dim_value for o in model.graph.output}
    return _chain(model, back, [(name, "raw" if n == 16 else "logits") for name, n in wide.items()])


def select() -> onnx.ModelProto:
    """`candidates` [896,17] to `faces` [5,17], best first; the same as app.faces.select.

    Non-maximum suppression, then each face is the mean of all candidates it suppressed, weighted
    by score, as MediaPipe does: boxes shake less from frame to frame.
    """
    count = sum(cells * cells * many for cells, many in ANCHORS)
    body = f"""select (float[{count},{ROW}] candidates) => (float[{FACES},{ROW}] faces)
    <int64[1] zero = {{0}}, int64[1] one = {{1}}, int64[1] two = {{2}}, int64[1] three = {{3}}, int64[1] five = {{5}},
     int64[1] wide = {{{ROW}}}, int64[1] many = {{{SHORTLIST}}}, int64 most = {{{FACES}}}, int64[1] width = {{1}},
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
            "none": np.full(FACES, SHORTLIST, np.int64),  # points at the empty row
            "empty": np.zeros((1, ROW), np.float32),
            "no_corner": np.zeros((1, 2), np.float32),
        },
    )


def portrait(card: Card) -> onnx.ModelProto:
    """`faces` [5,17], `memory`, `keep` to `mask`: head and shoulders, smoothed."""
    h, w = card.mask
    size = f"float[1,1,{h},{w}]"
    drawing, weights = silhouette.graph(h, w, FACES)
    body = f"""portrait (float[{FACES},{ROW}] faces, {size} memory, float[1] keep) => ({size} mask)
    <float[1] four = {{4}}> {{
        {drawing}
        {SMOOTH}
    }}"""
    return text(body, {**weights})


def whole(card: Card, model: onnx.ModelProto, rgba: str = "uint8") -> tuple[onnx.ModelProto, ...]:
    """All in one graph. `model` is the published network as tflite.read gave it."""
    fused = front(card, model, rgba)
    if card.kind == "segmenter":
        return (segmenter(card, fused),)
    chosen = _chain(candidates_of(card, model, rgba), select(), [("candidates", "candidates")])
    drawn = _chain(chosen, portrait(card), [("faces", "faces")], keep=["faces", "mask"])
    return (drawn,)


def parts(card: Card, model: onnx.ModelProto, rgba: str = "uint8") -> tuple[onnx.ModelProto, ...]:
    """As `whole`, but a detector in two graphs, with app.faces.select between them."""
    if card.kind == "segmenter":
        return whole(card, model, rgba)
    return (candidates_of(card, model, rgba), portrait(card))


def candidates_of(card: Card, model: onnx.ModelProto, rgba: str) -> onnx.ModelProto:
    """A detector from rgba to `candidates`."""
    return front(card, candidates(model), rgba)


def _chain(
    first: onnx.ModelProto,
    second: onnx.ModelProto,
    joints: Sequence[tuple[str, str]],
    keep: Sequence[str] | None = None,
) -> onnx.ModelProto:
    """One model of two, names made distinct, public names kept."""
    public = {"rgba", "memory", "keep", "candidates", "faces", "mask"}
    second = compose.add_prefix(second, f"{second.graph.name}_")
    prefix = f"{second.graph.name}_"
    merged = compose.merge_models(
        first,
        second,
        io_map=[(a, prefix + b) for a, b in joints],
        outputs=None if keep is None else [name if name == "faces" else prefix + name for name in keep],
    )
    names = {prefix + name: name for name in public if prefix + name not in {prefix + b for _, b in joints}}
    for node in merged.graph.node:
        node.input[:] = [names.get(i, i) for i in node.input]
        node.output[:] = [names.get(o, o) for o in node.output]
    for value in (*merged.graph.input, *merged.graph.output, *merged.graph.value_info):
        value.name = names.get(value.name, value.name)
    merged.graph.name = first.graph.name
    onnx.checker.check_model(merged, full_check=True)
    return merged


def _scaled(model: onnx.ModelProto, scale: float) -> onnx.ModelProto:
    """The first convolution takes numbers 1/scale times as large."""
    result = onnx.ModelProto.FromString(model.SerializeToString())
    source = result.graph.input[0].name
    (conv,) = [node for node in result.graph.node if source in node.input]
    if conv.op_type != "Conv":
        raise ValueError(f"the network begins with {conv.op_type}, not with a convolution")
    weight = constants(result)[conv.input[1]]
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * np.float32(scale), weight.name))
    return result


def _anchors() -> Array:
    """[896,16]: the anchor's centre under each (x, y) of a row."""
    centres = []
    for cells, many in ANCHORS:
        steps = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(steps, steps, indexing="ij")
        centres.append(np.stack([x.ravel(), y.ravel()], 1).repeat(many, 0))
    return np.tile(np.concatenate(centres), 8).astype(np.float32)


def _corners() -> Array:
    """[16,16]: centre and size of a box to its corners; points stay."""
    matrix = np.eye(16, dtype=np.float32)
    for axis in (0, 1):
        matrix[axis, axis + 2] = 1
        matrix[axis + 2, [axis, axis + 2]] = -0.5, 0.5
    return matrix
