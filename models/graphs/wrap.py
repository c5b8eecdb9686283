"""Fronts and the whole: the published network becomes the graph the page runs, bytes in, answers out.

Does not know backends (lower.py does) and never changes what the network computes. A front turns rgba
bytes [1,H,W,4] into the network's picture; the backs, a module for each kind, turn its roles into the
outputs app/core/card.py lists. They are ONNX text, merged and checked.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import numpy_helper

from models.graphs import bodyparts, classifier, detector, landmarks, pose
from models.graphs.text import chain, constants, outputs, taken, text
from models.spec.card import Card

Back = Callable[[Card, onnx.ModelProto], onnx.ModelProto]

# What follows the network, by the card's kind. A "network" shows its outputs as they are.
BACKS: dict[str, Back] = {
    "segmenter": bodyparts.mask,
    "detector": detector.whole,
    "pose": pose.keypoints,
    "landmarks": landmarks.points,
    "classifier": classifier.scores,
    "network": lambda card, model: model,
}


def whole(card: Card, model: onnx.ModelProto, rgba: str = "uint8") -> tuple[onnx.ModelProto, ...]:
    """All in one graph. `model` is the published network as importers.read gave it, packed or not.

    `rgba` is the type of the bytes, "uint8" or "float32". Raises ValueError, with one sentence, where
    the network lacks a role that its kind needs or has another shape.
    """
    return (front(card, BACKS[card.kind](card, model), rgba),)


def parts(card: Card, model: onnx.ModelProto, rgba: str = "uint8") -> tuple[onnx.ModelProto, ...]:
    """As `whole`, but a detector in two graphs, with app.core.nms.select between them."""
    if card.kind != "detector":
        return whole(card, model, rgba)
    return (front(card, detector.candidates(card, model), rgba), detector.portrait(card))


def front(card: Card, model: onnx.ModelProto, rgba: str) -> onnx.ModelProto:
    """`model` with the input `rgba` ("uint8" or "float32", 0 to 255 both) instead of a picture.

    The scale goes into the first convolution where there is one. The offset cannot: the zeros that pad
    the picture stand for bytes of -offset / scale, so it is subtracted before the padding.
    """
    if "rgba" in outputs(model):
        raise ValueError(f"{card.id}: an output cannot be called rgba: give it another role in [outputs]")
    height, width = ("height", "width") if card.sizes else (card.input.height, card.input.width)
    model, scale = _scaled(model, card.scale)
    kind = {"uint8": "uint8", "float32": "float"}[rgba]
    steps = {"bytes": "Cast<to = 1>({})"} if rgba == "uint8" else {}
    steps |= {"shifted": "Sub({}, middle)"} if card.offset else {}
    steps |= {"scaled": "Mul({}, scale)"} if scale != 1 else {}
    name, lines = "colours", []
    for result, step in steps.items():
        lines.append(f"{result} = {step.format(name)}")
        name = result
    rows = "\n        ".join(lines)
    body = f"""front ({kind}[1,{height},{width},4] rgba) => (float[1,3,{height},{width}] planes)
    <int64[1] first = {{0}}, int64[1] last = {{3}}, int64[1] axis = {{1}},
     float middle = {{{-card.offset / card.scale}}}, float scale = {{{scale}}}> {{
        layers = Transpose<perm = [0, 3, 1, 2]>(rgba)
        colours = Slice(layers, first, last, axis)
        {rows}
        planes = Identity({name})
    }}"""
    return chain(text(body), model, [("planes", model.graph.input[0].name)])


def _scaled(model: onnx.ModelProto, scale: float) -> tuple[onnx.ModelProto, float]:
    """The first convolution takes numbers 1/scale times as large, and what it could not take in: 1.

    Where the network begins otherwise, it is as it was, with `scale` left over. Weights that are stored
    packed, DequantizeLinear(integers, step), have their step scaled: the integers stay as published.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph, source = result.graph, result.graph.input[0].name
    users = [node for node in graph.node if source in taken(node)]
    if scale == 1 or [node.op_type for node in users] != ["Conv"] or source in outputs(model):
        return result, scale
    (conv,) = users
    makers = {output: node for node in graph.node for output in node.output}
    packed = makers.get(conv.input[1])
    holder, place = (conv, 1) if packed is None else (packed, 1)
    if packed is not None and packed.op_type != "DequantizeLinear":
        return result, scale
    stored = constants(result).get(holder.input[place])
    if stored is None:
        return result, scale
    name = f"{stored.name}_of_bytes"  # another may use the same numbers
    array = numpy_helper.to_array(stored) * np.float32(scale)
    graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
    holder.input[place] = name
    if not any(stored.name in node.input for node in graph.node):
        graph.initializer.remove(stored)
    return result, 1.0
