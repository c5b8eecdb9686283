"""Fronts and backs: the published network becomes the graph the page runs, bytes in and Mask out.

Does not know backends (lower.py does) and never changes what the network computes.
A front turns rgba bytes [1,H,W,4] into the network's planes; a back turns its outputs into
`mask`, smoothed over time, or `candidates` and `faces`. They are ONNX text, merged and checked.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from models import detector
from models.cards import Card
from models.graph import SMOOTH, chain, constants, text


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
    <int64[1] first = {{0}}, int64[1] last = {{3}}, int64[1] axis = {{1}},
     float middle = {{{-card.offset / card.scale}}}> {{
        layers = Transpose<perm = [0, 3, 1, 2]>(rgba)
        bytes = Slice(layers, first, last, axis)
        {cast}
        planes = {"Sub(colours, middle)" if card.offset else "Identity(colours)"}
    }}"""
    return chain(text(body), model, [("planes", model.graph.input[0].name)])


def segmenter(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` (one probability map) with memory and keep in, mask out."""
    h, w = card.mask
    size = f"float[1,1,{h},{w}]"
    body = f"""back ({size} p, {size} memory, float[1] keep) => ({size} mask) <float[1] four = {{4}}> {{
        {SMOOTH}
    }}"""
    return chain(model, text(body), [(model.graph.output[0].name, "p")])


def whole(card: Card, model: onnx.ModelProto, rgba: str = "uint8") -> tuple[onnx.ModelProto, ...]:
    """All in one graph. `model` is the published network as tflite.read gave it."""
    fused = front(card, model, rgba)
    if card.kind == "segmenter":
        return (segmenter(card, fused),)
    chosen = chain(candidates_of(card, model, rgba), detector.select(), [("candidates", "candidates")])
    drawn = chain(chosen, detector.portrait(card), [("faces", "faces")], keep=["faces", "mask"])
    return (drawn,)


def parts(card: Card, model: onnx.ModelProto, rgba: str = "uint8") -> tuple[onnx.ModelProto, ...]:
    """As `whole`, but a detector in two graphs, with app.faces.select between them."""
    if card.kind == "segmenter":
        return whole(card, model, rgba)
    return (candidates_of(card, model, rgba), detector.portrait(card))


def candidates_of(card: Card, model: onnx.ModelProto, rgba: str) -> onnx.ModelProto:
    """A detector from rgba to `candidates`."""
    return front(card, detector.candidates(model), rgba)


def _scaled(model: onnx.ModelProto, scale: float) -> onnx.ModelProto:
    """The first convolution takes numbers 1/scale times as large."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    source = result.graph.input[0].name
    (conv,) = [node for node in result.graph.node if source in node.input]
    if conv.op_type != "Conv":
        raise ValueError(f"the network begins with {conv.op_type}, not with a convolution")
    weight = constants(result)[conv.input[1]]
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * np.float32(scale), weight.name))
    return result
