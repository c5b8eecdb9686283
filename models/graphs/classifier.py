"""The classifier's back: probabilities, and the features they were made from.

Does not know what the classes are called; the card's labels do.
"""

from __future__ import annotations

from math import prod

import onnx

from models.graphs.text import chain, outputs, shapes, text
from models.spec.card import Card


def scores(card: Card, model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` from its picture to `scores` [1,n] and `features` [1,m].

    Roles: `scores`, probabilities, or `logits`; `features`, the pooled layer before the classes.
    Raises ValueError for other roles.
    """
    found = shapes(model)
    roles = [name for name in ("scores", "logits") if name in outputs(model)]
    if "features" not in outputs(model) or not roles:
        raise ValueError(f"{card.id}: a classifier needs the outputs scores and features in [outputs]")
    (role, *_) = roles
    sizes = [",".join(map(str, found[name])) for name in (role, "features")]
    classes, seen = (prod(found[name]) for name in (role, "features"))
    likely = "Softmax<axis = 1>" if role == "logits" else "Identity"
    body = f"""back (float[{sizes[0]}] classes, float[{sizes[1]}] pooled)
    => (float[1,{classes}] scores, float[1,{seen}] features)
    <int64[2] class_row = {{1, {classes}}}, int64[2] feature_row = {{1, {seen}}}> {{
        likely = {likely}(classes)
        scores = Reshape(likely, class_row)
        features = Reshape(pooled, feature_row)
    }}"""
    return chain(model, text(body), [(role, "classes"), ("features", "pooled")])
