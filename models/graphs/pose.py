"""The pose back: one person's 17 points from PoseNet's heat maps, or from MoveNet's own answer.

Does not tell several people apart: a point is where its heat map is highest, as in PoseNet's
decodeSinglePose (tensorflow/tfjs-models, posenet/src/single_pose).
"""

from __future__ import annotations

import numpy as np
import onnx

from models.graphs.text import chain, outputs, shapes, text
from models.spec.card import Card

POINTS = 17
# Cells that `count` can count. A longer row would be counted short; cards are checked against it.
CELLS = 128
# An offset is at most some hundred pixels; this keeps it above 0, where a maximum can pick it.
# Cost: 2048 + 1024 in float32 is exact to 1e-4 pixels.
LIFT = 1024.0
# What turns the difference of two neighbouring float32 near 1 into far below -1.
STEEP = 1e9

HEATMAPS = """
back (float[1,17,{rows},{columns}] heatmaps, float[1,34,{rows},{columns}] offsets) => (float[17,3] pose)
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

ANSWER = """
back (float[1,1,17,3] answer) => (float[17,3] pose) <int64[2] table = {17, 3}> {
  flat = Reshape(answer, table)
  pose = MatMul(flat, turned)
}
"""


def keypoints(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` from its picture to `pose` [17,3]: score, x, y, 0 to 1 of the input.

    Roles: `heatmaps` and `offsets` (PoseNet, y before x, in pixels), or `pose` (MoveNet, y, x, score).
    Raises ValueError for other roles or sizes.
    """
    if "pose" in outputs(model):
        turned = np.eye(3, dtype=np.float32)[[2, 1, 0]]  # y, x, score -> score, x, y
        return chain(model, text(ANSWER, {"turned": turned}), [("pose", "answer")])
    if missing := {"heatmaps", "offsets"} - set(outputs(model)):
        raise ValueError(f"{card.id}: a pose needs the output {sorted(missing)[0]}, or pose, in [outputs]")
    pinned = {"height": card.input.height, "width": card.input.width} if card.sizes else None
    rows, columns = shapes(model, pinned)["heatmaps"][2:]
    down, across = (card.input.height - 1) / (rows - 1), (card.input.width - 1) / (columns - 1)
    inputs = [card.input, *(size.input for size in card.sizes)]
    largest = max(max(taken.height, taken.width) for taken in inputs)
    if down != across or down != int(down) or (largest - 1) / down >= CELLS:
        raise ValueError(
            f"{card.id}: a grid of {rows}x{columns} does not divide {card.input.height}x{card.input.width}: "
            f"height - 1 and width - 1 are multiples of the stride, up to {CELLS} of them"
        )
    grid = {"rows": "rows", "columns": "columns"} if card.sizes else {"rows": rows, "columns": columns}
    body = HEATMAPS.format(**grid, steep=STEEP, lift=LIFT, before=CELLS - 1)
    return chain(model, text(body, _counting(down)), [("heatmaps", "heatmaps"), ("offsets", "offsets")])


def _counting(stride: float) -> dict[str, np.ndarray]:
    """Kernels that count cells: 0, stride, 2 * stride, ... along a row or column of ones.

    So the graph knows its own size without a constant of it, and serves every size.
    """
    steps, back = np.full(CELLS, stride, np.float32), np.array([-stride], np.float32)
    return {
        "across": steps.reshape(1, 1, 1, -1),
        "down": steps.reshape(1, 1, -1, 1),
        "back_across": back,
        "back_down": back,
        "one_layer": np.array([1], np.int64),
    }
