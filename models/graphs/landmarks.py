"""Postprocessing of landmarks: FaceMesh's 468 points and the probability of a face.

Does not find the face: the page crops it from the frame and maps the points back.
"""

from __future__ import annotations

import onnx

from app.core.errors import UserError
from models.graphs.text import merge, output_names, shapes, text
from models.spec.card import Card

POINTS = 468


def postprocess(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with the outputs `points` [468,3], 0 to 1 of the input's width, and `presence` [1].

    Roles: `points`, 1404 numbers in pixels; `presence`, a logit, or `presence_probability`.
    Raises UserError for other roles.
    """
    known = shapes(model)
    roles = [name for name in ("presence", "presence_probability") if name in output_names(model)]
    if "points" not in output_names(model) or not roles:
        raise UserError(f"{card.id}: landmarks need the outputs points and presence. Name them in [outputs].")
    (role, *_) = roles
    sizes = [",".join(map(str, known[name])) for name in ("points", role)]
    sure = "Sigmoid" if role == "presence" else "Identity"
    body = f"""postprocess (float[{sizes[0]}] pixels, float[{sizes[1]}] face)
    => (float[1] presence, float[{POINTS},3] points)
    <int64[2] table = {{{POINTS}, 3}}, int64[1] single = {{1}}, float part = {{{1 / card.input.width}}}> {{
        sure = {sure}(face)
        presence = Reshape(sure, single)
        parts = Mul(pixels, part)
        points = Reshape(parts, table)
    }}"""
    return merge(model, text(body), [("points", "pixels"), (role, "face")])
