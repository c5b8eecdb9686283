"""Operators that compute element by element, or along one axis.

Does not hold operators with a window over pictures (operators.py) and does not read files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from models.importers.builder import Builder
from models.importers.errors import ModelFileError
from models.importers.ir import Shape, Step, checked_shape

Operator = Callable[[Builder, Step], None]
LOWEST = float(np.finfo(np.float32).min)


def unary(kind: str, *more: str, **attributes: Any) -> Operator:
    """An operator of one input that keeps its shape and layout."""

    def build(builder: Builder, step: Step) -> None:
        name = step.inputs[0]
        image = builder.is_image(name)
        source = builder.image(name) if image else builder.plain(name)
        builder.add(kind, step, [source, *more], builder.shape(name), image=image, **attributes)

    return build


def _aligned(builder: Builder, step: Step) -> tuple[list[str], Shape, bool]:
    """The names of two operands in one layout, the broadcast shape, and whether the layout is NCHW.

    It is NCHW where one operand is and the other can be.
    """
    shapes = [builder.shape(name) for name in step.inputs[:2]]
    try:
        out = checked_shape(np.broadcast_shapes(*shapes), "the result")
    except ValueError:
        raise ModelFileError(
            f"the shapes {shapes[0]} and {shapes[1]} cannot be broadcast together."
        ) from None
    image = any(builder.is_image(name) for name in step.inputs[:2]) and all(
        name in builder.constants or len(shape) in (0, 4)
        for name, shape in zip(step.inputs[:2], shapes, strict=True)
    )
    names = [
        builder.image(name) if image and (shape or name in builder.constants) else builder.plain(name)
        for name, shape in zip(step.inputs[:2], shapes, strict=True)
    ]
    return names, out, image


def binary(kind: str) -> Operator:
    """An operator of two operands with broadcasting."""

    def build(builder: Builder, step: Step) -> None:
        names, out, image = _aligned(builder, step)
        builder.add(kind, step, names, out, image=image)

    return build


def _floor_div(builder: Builder, step: Step) -> None:
    """(a - a mod b) / b: ONNX rounds an integer division towards zero, TensorFlow downwards."""
    names, out, image = _aligned(builder, step)
    rest = builder.intermediate("Mod", step, names, "rest")
    whole = builder.intermediate("Sub", step, [names[0], rest], "whole")
    builder.add("Div", step, [whole, names[1]], out, image=image)


def _rsqrt(builder: Builder, step: Step) -> None:
    image = builder.is_image(step.inputs[0])
    source = (builder.image if image else builder.plain)(step.inputs[0])
    root = builder.intermediate("Sqrt", step, [source], "root")
    builder.add("Reciprocal", step, [root], builder.shape(step.inputs[0]), image=image)


def _softmax(builder: Builder, step: Step) -> None:
    image = builder.is_image(step.inputs[0])
    if step.options.get("beta", 1.0) != 1.0:
        raise ModelFileError("only a softmax with beta = 1 is supported.")
    source = (builder.image if image else builder.plain)(step.inputs[0])
    builder.add(
        "Softmax", step, [source], builder.shape(step.inputs[0]), image=image, axis=1 if image else -1
    )


def _cast(builder: Builder, step: Step) -> None:
    """Option: `integer`; the result is int64 for integers, float32 otherwise."""
    image = builder.is_image(step.inputs[0])
    if step.inputs[0] in builder.constants:
        kind = np.int64 if step.options["integer"] else np.float32
        builder.define(step, builder.numbers(step.inputs[0]).astype(kind))
        return
    to = onnx.TensorProto.INT64 if step.options["integer"] else onnx.TensorProto.FLOAT
    source = (builder.image if image else builder.plain)(step.inputs[0])
    builder.add("Cast", step, [source], builder.shape(step.inputs[0]), image=image, to=to)


def _clip(builder: Builder, step: Step) -> None:
    """Options: `low` and `high`. Both limits are always written: WebGL's Clip needs them."""
    low, high = max(step.options["low"], LOWEST), min(step.options["high"], -LOWEST)
    limits = [builder.weight(_number(n), np.array(n, np.float32)) for n in (low, high)]
    unary("Clip", *limits)(builder, step)


def _number(n: float) -> str:
    return {0.0: "zero", 6.0: "six"}.get(n, f"limit_{n:.9g}")


def _limit(kind: str) -> Operator:
    """Minimum or maximum. With a constant single number it becomes a Clip, which every backend has."""

    def build(builder: Builder, step: Step) -> None:
        for one, other in (step.inputs[:2], step.inputs[1::-1]):
            if (
                other in builder.constants
                and one not in builder.constants
                and builder.numbers(other).size == 1
            ):
                number = float(builder.numbers(other).ravel()[0])
                limits = {"low": number if kind == "Max" else LOWEST, "high": -LOWEST}
                limits |= {"high": number} if kind == "Min" else {}
                _clip(builder, Step("clip", step.label, (one,), step.outputs, limits))
                return
        binary(kind)(builder, step)

    return build


def _prelu(builder: Builder, step: Step) -> None:
    if not builder.is_image(step.inputs[0]):
        binary("PRelu")(builder, step)
        return
    slope = builder.numbers(step.inputs[1])
    slope = slope.reshape((1,) * (4 - slope.ndim) + slope.shape).transpose(0, 3, 1, 2)[0]
    inputs = [builder.image(step.inputs[0]), builder.weight(f"{step.inputs[1]}_chw", slope)]
    builder.add("PRelu", step, inputs, builder.shape(step.inputs[0]), image=True)


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
    "leaky_relu": lambda builder, step: unary("LeakyRelu", alpha=step.options["alpha"])(builder, step),
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
