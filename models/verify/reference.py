"""The reference of the postprocessing: in NumPy, the outputs a wrapped graph must compute.

Does not share code with the graphs: it follows the code of the models' publishers. Not part of any model.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.nms import ROW, select
from models.spec.card import Card

Array = NDArray[Any]
Values = Mapping[str, Array]
MARGIN = 1e-3  # the highest cell of a heat map is ambiguous where the next is less than this below


def expected_outputs(card: Card, values: Values) -> dict[str, Array]:
    """The outputs of the card's kind from `values`, the network's outputs by role (4-D: NCHW), with keep 0.

    A number that depends on rounding (a tie in a heat map) is NaN. The Mask of a detector is left out:
    tests/native/test_wrap.py checks the silhouette.
    """
    return KINDS[card.kind](card, values)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) in float64."""
    result: Array = 1 / (1 + np.exp(-np.clip(x.astype(float), -100, 100)))
    return result


def selected_faces(candidates: Array) -> Array:
    """`faces` [5,17] that app.core.nms.select chooses from `candidates` [n,17]."""
    flat = select(array("f", candidates.astype(np.float32).tobytes()))
    return np.array(flat, np.float32).reshape(-1, ROW)


def decoded_candidates(values: Values, size: int) -> Array:
    """Candidates [n,17] decoded from BlazeFace's `raw` and `logits`.

    MediaPipe's TensorsToDetectionsCalculator with x, y, w, h and all scales `size`, and its
    SsdAnchorsCalculator for the strides of the short range (8, 16, 16, 16) and the full range (4).
    """
    raw, logits = values["raw"][0], values["logits"][0]
    layers = {896: ((8, 2), (16, 6)), 2304: ((4, 1),)}[len(raw)]
    centres = [
        ((column + 0.5) * stride / size, (row + 0.5) * stride / size)
        for stride, many in layers
        for row in range(size // stride)
        for column in range(size // stride)
        for _ in range(many)
    ]
    points = raw.reshape(len(raw), 8, 2) / size
    middle = np.array(centres)
    centre, extent, marks = points[:, 0] + middle, points[:, 1], points[:, 2:] + middle[:, None]
    parts = (sigmoid(logits), centre - extent / 2, centre + extent / 2, marks.reshape(len(raw), 12))
    return np.concatenate(parts, 1).astype(np.float32)


def enlarged(grid: Array, height: int, width: int) -> Array:
    """A map [h,w] resized to [height,width], bilinear with aligned corners, as tf.image.resizeBilinear."""
    for axis, size in enumerate((height, width)):
        here = np.linspace(0, grid.shape[axis] - 1, size)
        low = np.minimum(here.astype(int), max(grid.shape[axis] - 2, 0))
        part = np.expand_dims(here - low, 1 - axis)
        high = np.minimum(low + 1, grid.shape[axis] - 1)
        grid = np.take(grid, low, axis) * (1 - part) + np.take(grid, high, axis) * part
    return grid


def _segmenter(card: Card, values: Values) -> dict[str, Array]:
    if "mask" in values:
        return {"mask": values["mask"]}
    mask = sigmoid(enlarged(values["logits"][0, 0].astype(float), *card.mask))[None, None]
    return {"mask": mask, **({"parts": sigmoid(values["parts"])} if "parts" in values else {})}


def _detector(card: Card, values: Values) -> dict[str, Array]:
    return {"faces": selected_faces(decoded_candidates(values, card.input.height))}


def _pose(card: Card, values: Values) -> dict[str, Array]:
    """decodeSinglePose of tfjs-models posenet, or MoveNet's rows in reverse order."""
    if "pose" in values:
        return {"pose": values["pose"].reshape(17, 3)[:, ::-1]}
    heat, offsets = values["heatmaps"][0], values["offsets"][0]
    stride = (card.input.height - 1) // (heat.shape[1] - 1)
    pose = np.zeros((17, 3))
    for n, layer in enumerate(heat):
        row, column = np.unravel_index(layer.argmax(), layer.shape)
        y, x = row * stride + offsets[n, row, column], column * stride + offsets[17 + n, row, column]
        pose[n] = sigmoid(layer[row, column]), x / card.input.width, y / card.input.height
        if np.diff(np.sort(layer.ravel())[-2:])[0] < MARGIN:
            pose[n, 1:] = np.nan
    return {"pose": pose}


def _landmarks(card: Card, values: Values) -> dict[str, Array]:
    points = values["points"].reshape(-1, 3) / card.input.width
    presence = sigmoid(values["presence"]) if "presence" in values else values["presence_probability"]
    return {"presence": presence.reshape(1), "points": points}


def _classifier(card: Card, values: Values) -> dict[str, Array]:
    if "scores" in values:
        scores = values["scores"].reshape(1, -1)
    else:
        raised = np.exp(values["logits"].reshape(1, -1).astype(float) - values["logits"].max())
        scores = raised / raised.sum()
    return {"scores": scores, "features": values["features"].reshape(1, -1)}


KINDS: dict[str, Callable[[Card, Values], dict[str, Array]]] = {
    "segmenter": _segmenter,
    "detector": _detector,
    "pose": _pose,
    "landmarks": _landmarks,
    "classifier": _classifier,
    "network": lambda card, values: dict(values),
}
