"""The landmarks back: FaceMesh's 468 points and whether there is a face at all.

Does not find the face: the page cuts it out of the frame, and lays the points back.
"""

from __future__ import annotations

import onnx

from models.graphs.text import chain, outputs, shapes, text
from models.spec.card import Card

POINTS = 468


def points(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` from its picture to `points` [468,3], 0 to 1 of the input's width, and `presence` [1].

    Roles: `points`, 1404 numbers in pixels; `presence`, a logit, or `presence_probability`.
    Raises ValueError for other roles or sizes.
    """
    found = shapes(model)
    roles = [name for name in ("presence", "presence_probability") if name in outputs(model)]
    if "points" not in outputs(model) or not roles:
        raise ValueError(f"{card.id}: landmarks need the outputs points and presence in [outputs]")
    (role, *_) = roles
    sizes = [",".join(map(str, found[name])) for name in ("points", role)]
    sure = "Sigmoid" if role == "presence" else "Identity"
    body = f"""back (float[{sizes[0]}] pixels, float[{sizes[1]}] face)
    => (float[1] presence, float[{POINTS},3] points)
    <int64[2] table = {{{POINTS}, 3}}, int64[1] single = {{1}}, float part = {{{1 / card.input.width}}}> {{
        sure = {sure}(face)
        presence = Reshape(sure, single)
        parts = Mul(pixels, part)
        points = Reshape(parts, table)
    }}"""
    return chain(model, text(body), [("points", "pixels"), (role, "face")])
