"""The loss of a variant against float32, measured in the terms of its task.

Does not run a model: its functions take outputs, mappings of names to arrays as described in
app/core/card.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.card import Input
from models.spec.rules import METRICS

Array = NDArray[Any]
Outputs = Mapping[str, Array]

PERSON = 0.5  # the threshold of the Mask
# Points count where the score of float32 is above this. It is a tenth above the detector's threshold
# (app.core.nms.SCORE): a face whose score is at the threshold says nothing about a variant.
SURE = {"detector": 0.6, "pose": 0.5, "landmarks": 0.5}
FIRST = 5


def loss(kind: str, size: Input, exact: Sequence[Outputs], candidate: Sequence[Outputs]) -> dict[str, float]:
    """The loss by metric of a `candidate` against float32 (`exact`) on the same pictures, in order.

    segmenter: iou, 1 - IoU over the person's pixels of all pictures. detector, pose, landmarks: points, the
    mean distance, in pixels of the input, of the points with a high score in float32; a missing face counts
    as the input's width. classifier: top1, the share of pictures with another first label; top5, the mean
    share of other labels among the first five; features, the mean of 1 - cosine. network: outputs, the mean
    of 1 - cosine for the worst output. A metric without anything to measure in these pictures (no person, no
    face) is left out. All metrics are inf where an output is not finite. Raises ValueError where the numbers
    of pictures differ.
    """
    if len(exact) != len(candidate):
        raise ValueError(f"There are {len(exact)} outputs of float32 and {len(candidate)} of the variant.")
    pairs = list(zip(exact, candidate, strict=True))
    if not all(np.isfinite(array).all() for outputs in (*exact, *candidate) for array in outputs.values()):
        return dict.fromkeys(METRICS[kind], float("inf"))
    if kind == "segmenter":
        shared = sum(int(((a["mask"] > PERSON) & (b["mask"] > PERSON)).sum()) for a, b in pairs)
        either = sum(int(((a["mask"] > PERSON) | (b["mask"] > PERSON)).sum()) for a, b in pairs)
        return {"iou": 1 - shared / either} if either else {}
    if kind in SURE:
        far = [d for a, b in pairs for d in distances(kind, size, a, b)]
        return {"points": float(np.mean(far))} if far else {}
    if kind == "classifier":
        return {
            "top1": float(np.mean([a["scores"].argmax() != b["scores"].argmax() for a, b in pairs])),
            "top5": float(np.mean([1 - len(_first(a) & _first(b)) / FIRST for a, b in pairs])),
            "features": float(np.mean([_angle(a["features"], b["features"]) for a, b in pairs])),
        }
    names = sorted(exact[0]) if exact else []
    return {
        "outputs": max((float(np.mean([_angle(a[n], b[n]) for a, b in pairs])) for n in names), default=0.0)
    }


def error(exact: Sequence[Outputs], candidate: Sequence[Outputs]) -> float:
    """The largest difference in any output, relative to the output's range in `exact`.

    The range of outputs between 0 and 1 (probabilities, positions) is 1. Outputs that are not finite give
    inf.
    """
    worst = 0.0
    for name in exact[0] if exact else ():
        a = np.stack([outputs[name].astype(np.float64) for outputs in exact])
        b = np.stack([outputs[name].astype(np.float64).reshape(a.shape[1:]) for outputs in candidate])
        if not np.isfinite(a).all() or not np.isfinite(b).all():
            return float("inf")
        scope = 1.0 if a.min() >= 0 and a.max() <= 1 else float(np.ptp(a)) or 1.0
        worst = max(worst, float(np.abs(a - b).max()) / scope)
    return worst


def person_iou(masks: Sequence[Array], truth: Sequence[Array]) -> float:
    """The mean IoU of Masks, at the threshold 0.5, with true masks (bool) of the same shapes."""
    predicted = [mask > PERSON for mask in masks]
    return float(
        np.mean([(a & b).sum() / max(1, (a | b).sum()) for a, b in zip(predicted, truth, strict=True)])
    )


def distances(kind: str, size: Input, exact: Outputs, candidate: Outputs) -> list[float]:
    """The distances, in pixels of the input, of the points with a high score in `exact`; see `loss`."""
    if kind == "landmarks":
        if exact["presence"].ravel()[0] <= SURE[kind]:
            return []
        a, b = (outputs["points"].reshape(-1, 3)[:, :2] * size.width for outputs in (exact, candidate))
        return [float(d) for d in np.linalg.norm(a - b, axis=1)]
    scale = np.array([size.width, size.height])
    if kind == "pose":
        a, b = exact["pose"], candidate["pose"]
        sure = a[:, 0] > SURE[kind]
        return [float(d) for d in np.linalg.norm((a[sure, 1:] - b[sure, 1:]) * scale, axis=1)]
    found: list[float] = []
    there = [row for row in candidate["faces"].reshape(-1, 17) if row[0] > 0]
    for face in exact["faces"].reshape(-1, 17):
        if face[0] <= SURE[kind]:
            continue
        places = face[1:].reshape(-1, 2)
        each = [np.linalg.norm((row[1:].reshape(-1, 2) - places) * scale, axis=1) for row in there]
        nearest = min(each, key=lambda d: float(d.mean()), default=np.full(len(places), float(size.width)))
        found += [min(float(d), float(size.width)) for d in nearest]
    return found


def _first(outputs: Outputs) -> set[int]:
    return set(np.argsort(-outputs["scores"].ravel(), kind="stable")[:FIRST].tolist())


def _angle(a: Array, b: Array) -> float:
    """1 - cosine."""
    x, y = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    product = float(np.linalg.norm(x) * np.linalg.norm(y))
    return 1 - float(x @ y) / product if product else float(not np.array_equal(x, y))
