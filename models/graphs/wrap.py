"""Wraps a published network in pre- and postprocessing: the graph that the page runs on RGBA bytes.

Does not know backends (lower.py does) and does not change what the network computes. Preprocessing turns
rgba bytes [1,H,W,4] into the network's picture. Postprocessing, a module for each kind, turns the network's
roles into the outputs listed in app/core/card.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import numpy_helper

from app.core.errors import UserError
from models.graphs import bodyparts, classifier, detector, landmarks, pose
from models.graphs.text import initializers, merge, node_inputs, output_names, text
from models.spec.card import Card

Postprocess = Callable[[Card, onnx.ModelProto], onnx.ModelProto]

# By the card's kind. The outputs of a "network" stay as they are.
POSTPROCESS: dict[str, Postprocess] = {
    "segmenter": bodyparts.postprocess,
    "detector": detector.postprocess,
    "pose": pose.postprocess,
    "landmarks": landmarks.postprocess,
    "classifier": classifier.postprocess,
    "network": lambda card, model: model,
}


def single_graph(card: Card, model: onnx.ModelProto, rgba: str = "uint8") -> tuple[onnx.ModelProto, ...]:
    """The whole model in one graph; `model` is the network as models.importers.formats imported it.

    `rgba` is the type of the bytes, "uint8" or "float32". Raises UserError where the network lacks an output
    that its kind needs, or where one has the wrong shape.
    """
    return (preprocess(card, POSTPROCESS[card.kind](card, model), rgba),)


def split_graphs(card: Card, model: onnx.ModelProto, rgba: str = "uint8") -> tuple[onnx.ModelProto, ...]:
    """As `single_graph`, but two graphs for a detector, with app.core.nms.select between them."""
    if card.kind != "detector":
        return single_graph(card, model, rgba)
    return (preprocess(card, detector.decode(card, model), rgba), detector.portrait_mask(card))


def preprocess(card: Card, model: onnx.ModelProto, rgba: str) -> onnx.ModelProto:
    """`model` with the input `rgba` ("uint8" or "float32", 0 to 255 both) instead of a picture.

    The scale is folded into the first convolution where there is one. The offset cannot be folded: the zeros
    that pad the picture stand for bytes of -offset / scale, so it is subtracted before the padding.
    """
    if "rgba" in output_names(model):
        raise UserError(f"{card.id}: an output must not be called rgba. Give it another role in [outputs].")
    height, width = ("height", "width") if card.sizes else (card.input.height, card.input.width)
    model, scale = _scale_folded(model, card.scale)
    kind = {"uint8": "uint8", "float32": "float"}[rgba]
    steps = {"bytes": "Cast<to = 1>({})"} if rgba == "uint8" else {}
    steps |= {"shifted": "Sub({}, middle)"} if card.offset else {}
    steps |= {"scaled": "Mul({}, scale)"} if scale != 1 else {}
    name, lines = "colours", []
    for result, step in steps.items():
        lines.append(f"{result} = {step.format(name)}")
        name = result
    rows = "\n        ".join(lines)
    body = f"""preprocess ({kind}[1,{height},{width},4] rgba) => (float[1,3,{height},{width}] planes)
    <int64[1] first = {{0}}, int64[1] last = {{3}}, int64[1] axis = {{1}},
     float middle = {{{-card.offset / card.scale}}}, float scale = {{{scale}}}> {{
        layers = Transpose<perm = [0, 3, 1, 2]>(rgba)
        colours = Slice(layers, first, last, axis)
        {rows}
        planes = Identity({name})
    }}"""
    return merge(text(body), model, [("planes", model.graph.input[0].name)])


def _scale_folded(model: onnx.ModelProto, scale: float) -> tuple[onnx.ModelProto, float]:
    """The network with `scale` folded into its first convolution, and the scale that is left to apply.

    A network that does not begin with one convolution stays as it is, with all of `scale` left. Of quantised
    weights, DequantizeLinear(integers, step), the step is scaled: the integers stay as published.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph, source = result.graph, result.graph.input[0].name
    users = [node for node in graph.node if source in node_inputs(node)]
    if scale == 1 or [node.op_type for node in users] != ["Conv"] or source in output_names(model):
        return result, scale
    (conv,) = users
    makers = {output: node for node in graph.node for output in node.output}
    dequantise = makers.get(conv.input[1])
    holder = conv if dequantise is None else dequantise
    if dequantise is not None and dequantise.op_type != "DequantizeLinear":
        return result, scale
    stored = initializers(result).get(holder.input[1])
    if stored is None:
        return result, scale
    name = f"{stored.name}_of_bytes"  # another node may use the same weights
    array = numpy_helper.to_array(stored) * np.float32(scale)
    graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
    holder.input[1] = name
    if not any(stored.name in node.input for node in graph.node):
        graph.initializer.remove(stored)
    return result, 1.0
