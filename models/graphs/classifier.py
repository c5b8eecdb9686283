"""Postprocessing of a classifier: probabilities, and the features they are computed from.

Does not know the names of the classes.
"""

from __future__ import annotations

from math import prod

import onnx

from app.core.errors import UserError
from models.graphs.text import merge, output_names, shapes, text
from models.spec.card import Card


def postprocess(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with the outputs `scores` [1,n] and `features` [1,m].

    Roles: `scores`, probabilities, or `logits`; `features`, the pooled layer before the classes.
    Raises UserError for other roles.
    """
    known = shapes(model)
    roles = [name for name in ("scores", "logits") if name in output_names(model)]
    if "features" not in output_names(model) or not roles:
        raise UserError(
            f"{card.id}: a classifier needs the outputs scores and features. Name them in [outputs]."
        )
    (role, *_) = roles
    sizes = [",".join(map(str, known[name])) for name in (role, "features")]
    classes, features = (prod(known[name]) for name in (role, "features"))
    likely = "Softmax<axis = 1>" if role == "logits" else "Identity"
    body = f"""postprocess (float[{sizes[0]}] classes, float[{sizes[1]}] pooled)
    => (float[1,{classes}] scores, float[1,{features}] features)
    <int64[2] class_row = {{1, {classes}}}, int64[2] feature_row = {{1, {features}}}> {{
        likely = {likely}(classes)
        scores = Reshape(likely, class_row)
        features = Reshape(pooled, feature_row)
    }}"""
    return merge(model, text(body), [(role, "classes"), ("features", "pooled")])
