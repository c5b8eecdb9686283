"""Postprocessing of a pose: one person's 17 points from PoseNet's heat maps or MoveNet's output.

Does not separate several people: a point is where its heat map is highest, as in PoseNet's
decodeSinglePose (tensorflow/tfjs-models, posenet/src/single_pose).
"""

from __future__ import annotations

import numpy as np
import onnx

from app.core.errors import UserError
from models.graphs.text import merge, output_names, shapes, text
from models.spec.card import Card

POINTS = 17
# The largest number of cells in a row or column that the graph can number; cards are checked against it.
CELLS = 128
# Added to positions, which offsets of some hundred pixels may make negative, so that a maximum can pick them.
# 2048 + 1024 in float32 is exact to 1e-4 pixels.
LIFT = 1024.0
# Turns the difference of two neighbouring float32 near 1 into a number far below -1.
STEEP = 1e9

HEATMAPS = """
postprocess (float[1,17,{rows},{columns}] heatmaps, float[1,34,{rows},{columns}] offsets)
  => (float[17,3] pose)
<float nothing = {{0.0}}, float one = {{1.0}}, float steep = {{{steep}}}, float lift = {{{lift}}},
 int64[1] start = {{0}}, int64[1] middle = {{17}}, int64[1] end = {{34}}, int64[1] axis = {{1}},
 int64[2] table = {{17, 3}}>
{{
  best = ReduceMax<axes = [2, 3], keepdims = 1>(heatmaps)
  below = Sub(heatmaps, best)
  far = Mul(below, steep)
  near = Add(far, one)
  there = Clip(near, nothing, one)
  layer = Slice(heatmaps, start, one_layer, axis)
  nought = Mul(layer, nothing)
  ones = Add(nought, one)
  x = Conv<pads = [0, {before}, 0, 0]>(ones, across, back_across)
  y = Conv<pads = [{before}, 0, 0, 0]>(ones, down, back_down)
  last_x = ReduceMax<axes = [2, 3], keepdims = 1>(x)
  last_y = ReduceMax<axes = [2, 3], keepdims = 1>(y)
  width = Add(last_x, one)
  height = Add(last_y, one)
  by_y = Slice(offsets, start, middle, axis)
  by_x = Slice(offsets, middle, end, axis)
  place_x = Add(by_x, x)
  place_y = Add(by_y, y)
  high_x = Add(place_x, lift)
  high_y = Add(place_y, lift)
  here_x = Mul(high_x, there)
  here_y = Mul(high_y, there)
  most_x = ReduceMax<axes = [2, 3], keepdims = 1>(here_x)
  most_y = ReduceMax<axes = [2, 3], keepdims = 1>(here_y)
  pixel_x = Sub(most_x, lift)
  pixel_y = Sub(most_y, lift)
  part_x = Div(pixel_x, width)
  part_y = Div(pixel_y, height)
  score = Sigmoid(best)
  row = Concat<axis = 3>(score, part_x, part_y)
  pose = Reshape(row, table)
}}
"""

DECODED = """
postprocess (float[1,1,17,3] answer) => (float[17,3] pose) <int64[2] table = {17, 3}> {
  flat = Reshape(answer, table)
  pose = MatMul(flat, turned)
}
"""


def postprocess(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with the output `pose` [17,3]: score, x, y, 0 to 1 of the input.

    Roles: `heatmaps` and `offsets` (PoseNet, y before x, in pixels), or `pose` (MoveNet, y, x, score).
    Raises UserError for other roles or sizes.
    """
    if "pose" in output_names(model):
        turned = np.eye(3, dtype=np.float32)[[2, 1, 0]]  # y, x, score -> score, x, y
        return merge(model, text(DECODED, {"turned": turned}), [("pose", "answer")])
    if missing := {"heatmaps", "offsets"} - set(output_names(model)):
        role = sorted(missing)[0]
        raise UserError(f"{card.id}: a pose needs the output {role}, or pose. Name it in [outputs].")
    pinned = {"height": card.input.height, "width": card.input.width} if card.sizes else None
    rows, columns = shapes(model, pinned)["heatmaps"][2:]
    down, across = (card.input.height - 1) / (rows - 1), (card.input.width - 1) / (columns - 1)
    inputs = [card.input, *(size.input for size in card.sizes)]
    largest = max(max(size.height, size.width) for size in inputs)
    if down != across or down != int(down) or (largest - 1) / down >= CELLS:
        raise UserError(
            f"{card.id}: a grid of {rows}x{columns} does not fit the input "
            f"{card.input.height}x{card.input.width}: "
            f"height - 1 and width - 1 must be multiples of the stride, at most {CELLS} times it."
        )
    grid = {"rows": "rows", "columns": "columns"} if card.sizes else {"rows": rows, "columns": columns}
    body = HEATMAPS.format(**grid, steep=STEEP, lift=LIFT, before=CELLS - 1)
    decoder = text(body, _counting_kernels(down))
    return merge(model, decoder, [("heatmaps", "heatmaps"), ("offsets", "offsets")])


def _counting_kernels(stride: float) -> dict[str, np.ndarray]:
    """Kernels that number the cells of a row or column of ones: 0, stride, 2 * stride, ...

    With them the graph needs no constant that depends on its size, and serves every size.
    """
    steps, back = np.full(CELLS, stride, np.float32), np.array([-stride], np.float32)
    return {
        "across": steps.reshape(1, 1, 1, -1),
        "down": steps.reshape(1, 1, -1, 1),
        "back_across": back,
        "back_down": back,
        "one_layer": np.array([1], np.int64),
    }
