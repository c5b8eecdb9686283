"""The operators the importers know that compute element by element, or along one axis.

Does not know windows over pictures (operators.py does), nor any file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from models.importers.builder import Draft
from models.importers.ir import Shape, Step, Unreadable, bounded

Operator = Callable[[Draft, Step], None]
LOWEST = float(np.finfo(np.float32).min)


def unary(kind: str, *more: str, **attributes: Any) -> Operator:
    """An operator that keeps shape and layout."""

    def build(d: Draft, step: Step) -> None:
        name = step.inputs[0]
        image = d.is_image(name)
        given = d.image(name) if image else d.plain(name)
        d.add(kind, step, [given, *more], d.shape(name), image=image, **attributes)

    return build


def _aligned(d: Draft, step: Step) -> tuple[list[str], Shape, bool]:
    """Two operands that broadcast alike; as NCHW where one is, and the other can be."""
    shapes = [d.shape(name) for name in step.inputs[:2]]
    try:
        out = bounded(np.broadcast_shapes(*shapes), "the result")
    except ValueError:
        raise Unreadable(f"shapes {shapes[0]} and {shapes[1]} do not fit each other") from None
    image = any(d.is_image(name) for name in step.inputs[:2]) and all(
        name in d.constants or len(shape) in (0, 4)
        for name, shape in zip(step.inputs[:2], shapes, strict=True)
    )
    names = [
        d.image(name) if image and (shape or name in d.constants) else d.plain(name)
        for name, shape in zip(step.inputs[:2], shapes, strict=True)
    ]
    return names, out, image


def binary(kind: str) -> Operator:
    """An operator of two operands, broadcast."""

    def build(d: Draft, step: Step) -> None:
        names, out, image = _aligned(d, step)
        d.add(kind, step, names, out, image=image)

    return build


def _floor_div(d: Draft, step: Step) -> None:
    """(a - a mod b) / b: ONNX divides integers towards zero, TensorFlow downwards."""
    names, out, image = _aligned(d, step)
    rest = d.between("Mod", step, names, "rest")
    whole = d.between("Sub", step, [names[0], rest], "whole")
    d.add("Div", step, [whole, names[1]], out, image=image)


def _rsqrt(d: Draft, step: Step) -> None:
    image = d.is_image(step.inputs[0])
    given = (d.image if image else d.plain)(step.inputs[0])
    root = d.between("Sqrt", step, [given], "root")
    d.add("Reciprocal", step, [root], d.shape(step.inputs[0]), image=image)


def _softmax(d: Draft, step: Step) -> None:
    image = d.is_image(step.inputs[0])
    if step.options.get("beta", 1.0) != 1.0:
        raise Unreadable("only a softmax with beta 1 is supported")
    given = (d.image if image else d.plain)(step.inputs[0])
    d.add("Softmax", step, [given], d.shape(step.inputs[0]), image=image, axis=1 if image else -1)


def _cast(d: Draft, step: Step) -> None:
    """Options: `integer`; every integer is int64 here, every other number float32."""
    image = d.is_image(step.inputs[0])
    if step.inputs[0] in d.constants:
        kind = np.int64 if step.options["integer"] else np.float32
        d.holds(step, d.numbers(step.inputs[0]).astype(kind))
        return
    to = onnx.TensorProto.INT64 if step.options["integer"] else onnx.TensorProto.FLOAT
    given = (d.image if image else d.plain)(step.inputs[0])
    d.add("Cast", step, [given], d.shape(step.inputs[0]), image=image, to=to)


def _clip(d: Draft, step: Step) -> None:
    """Options: `low` and `high`; both are always given, as WebGL's Clip wants them."""
    low, high = max(step.options["low"], LOWEST), min(step.options["high"], -LOWEST)
    limits = [d.weight(_number(n), np.array(n, np.float32)) for n in (low, high)]
    unary("Clip", *limits)(d, step)


def _number(n: float) -> str:
    return {0.0: "zero", 6.0: "six"}.get(n, f"limit_{n:.9g}")


def _limit(kind: str) -> Operator:
    """Minimum or maximum; with one number it is a Clip, which every backend has."""

    def build(d: Draft, step: Step) -> None:
        for one, other in (step.inputs[:2], step.inputs[1::-1]):
            if other in d.constants and one not in d.constants and d.numbers(other).size == 1:
                number = float(d.numbers(other).ravel()[0])
                limits = {"low": number if kind == "Max" else LOWEST, "high": -LOWEST}
                limits |= {"high": number} if kind == "Min" else {}
                _clip(d, Step("clip", step.label, (one,), step.outputs, limits))
                return
        binary(kind)(d, step)

    return build


def _prelu(d: Draft, step: Step) -> None:
    if not d.is_image(step.inputs[0]):
        binary("PRelu")(d, step)
        return
    slope = d.numbers(step.inputs[1])
    slope = slope.reshape((1,) * (4 - slope.ndim) + slope.shape).transpose(0, 3, 1, 2)[0]
    inputs = [d.image(step.inputs[0]), d.weight(f"{step.inputs[1]}_chw", slope)]
    d.add("PRelu", step, inputs, d.shape(step.inputs[0]), image=True)


OPERATORS: dict[str, Operator] = {
    "abs": unary("Abs"),
    "add": binary("Add"),
    "cast": _cast,
    "clip": _clip,
    "div": binary("Div"),
    "elu": unary("Elu"),
    "exp": unary("Exp"),
    "floor": unary("Floor"),
    "floor_div": _floor_div,
    "hard_swish": unary("HardSwish"),
    "leaky_relu": lambda d, s: unary("LeakyRelu", alpha=s.options["alpha"])(d, s),
    "maximum": _limit("Max"),
    "minimum": _limit("Min"),
    "mul": binary("Mul"),
    "neg": unary("Neg"),
    "prelu": _prelu,
    "relu": unary("Relu"),
    "rsqrt": _rsqrt,
    "sigmoid": unary("Sigmoid"),
    "softmax": _softmax,
    "sqrt": unary("Sqrt"),
    "sub": binary("Sub"),
    "tanh": unary("Tanh"),
}
