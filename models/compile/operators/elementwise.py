"""Elementwise operators: a row of a table says which expression each is.

Does not loop over elements: the expression is computed where its value is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import onnx

from models.compile.graph import Node
from models.compile.ir import Expr, UnsupportedError, apply, number
from models.compile.kernels.expression import EMIT
from models.compile.lower import Lowering
from models.compile.registry import operator
from models.compile.values import Lazy

Make = Callable[..., Expr]
MANY = 64  # a division takes several times as long as a multiplication


def _typed(op: str, result: str = "") -> Make:
    """An operation of two numbers of one type; `result` is its type if that is another."""

    def make(*args: Expr) -> Expr:
        dtype = args[0].dtype
        if dtype == "i32":
            return apply(f"i32.{op}", *args, dtype=result or "i32")
        if dtype != "f32" or op not in EMIT:
            raise UnsupportedError(f"operands of type {dtype} are not supported")
        return apply(op, *args, dtype=result or "f32")

    return make


def _floats(op: str) -> Make:
    """An operation of floats."""

    def make(*args: Expr) -> Expr:
        if any(arg.dtype != "f32" for arg in args):
            raise UnsupportedError(f"operands of type {args[0].dtype} are not supported")
        return apply(op, *args)

    return make


def _logic(op: str) -> Make:
    return lambda *args: apply(op, *args, dtype="mask")


def _relu(x: Expr) -> Expr:
    return _typed("max")(x, number(0.0, x.dtype))


def _leaky(x: Expr, alpha: float) -> Expr:
    return _floats("prelu")(x, number(alpha))


def _hard_sigmoid(x: Expr, alpha: float, beta: float) -> Expr:
    line = apply("add", _floats("mul")(x, number(alpha)), number(beta))
    return apply("min", apply("max", line, number(0.0)), number(1.0))


def _many(op: str) -> Make:
    """Min and Max take any number of operands."""
    pair = _typed(op)

    def make(first: Expr, *rest: Expr) -> Expr:
        for each in rest:
            first = pair(first, each)
        return first

    return make


MAKE: dict[str, Make] = {
    "Add": _typed("add"),
    "Sub": _typed("sub"),
    "Mul": _typed("mul"),
    "Mod": _typed("mod"),
    "Min": _many("min"),
    "Max": _many("max"),
    "Greater": _typed("greater", "mask"),
    "Less": _typed("less", "mask"),
    "Equal": _typed("equal", "mask"),
    "GreaterOrEqual": _typed("greater_equal", "mask"),
    "LessOrEqual": _typed("less_equal", "mask"),
    "And": _logic("and"),
    "Or": _logic("or"),
    "Not": _logic("not"),
    "Where": lambda mask, a, b: apply("where", mask, a, b, dtype=a.dtype),
    "Relu": _relu,
    "PRelu": _floats("prelu"),
    "HardSwish": _floats("hardswish"),
    "Neg": _floats("neg"),
    "Abs": _floats("abs"),
    "Sqrt": _floats("sqrt"),
    "Exp": _floats("exp"),
    "Sigmoid": _floats("sigmoid"),
    "Tanh": _floats("tanh"),
    "Floor": _floats("floor"),
    "Ceil": _floats("ceil"),
    "Round": _floats("round"),
    "Reciprocal": lambda x: _floats("div")(number(1.0), x),
    "Identity": lambda x: x,
    "Dropout": lambda x: x,
}


@operator(*MAKE, fusable=True)
def elementwise(low: Lowering, node: Node) -> None:
    """Every row of MAKE."""
    define(low, node, MAKE[node.op], node.inputs if node.op != "Dropout" else node.inputs[:1])


@operator("Div", fusable=True)
def divide(low: Lowering, node: Node) -> None:
    """A quotient. Many floats divided by one number are multiplied by its reciprocal instead."""
    dividend, divisor = node.inputs
    one, many = low.shape(divisor), low.shape(dividend)
    if prod(one) > 1 or prod(many) < MANY or low.dtype(divisor) != "f32" or low.const(divisor) is not None:
        define(low, node, _typed("div"), node.inputs)
        return
    name = f"reciprocal {node.outputs[0]}"
    low.values[name] = low.dense(one, title=name)
    low.assign(low.view(name), _typed("div")(number(1.0), low.operand(divisor, one)[0]))
    define(low, node, _typed("mul"), (dividend, name))


@operator("LeakyRelu", fusable=True)
def leaky_relu(low: Lowering, node: Node) -> None:
    """x where x > 0, else alpha * x."""
    define(low, node, lambda x: _leaky(x, node.attributes.get("alpha", 0.01)), node.inputs)


@operator("HardSigmoid", fusable=True)
def hard_sigmoid(low: Lowering, node: Node) -> None:
    """min(max(alpha * x + beta, 0), 1)."""
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    define(low, node, lambda x: _hard_sigmoid(x, alpha, beta), node.inputs)


@operator("Clip", fusable=True)
def clip(low: Lowering, node: Node) -> None:
    """Limits, each of which may be missing."""
    low_name, high_name = (*node.inputs[1:], "", "")[:2]

    def make(x: Expr) -> Expr:
        for name, op in ((low_name, "max"), (high_name, "min")):
            if name:
                limit = low.const(name)
                if limit is None:
                    raise UnsupportedError("a limit is not a constant")
                x = _typed(op)(x, number(float(limit.reshape(-1)[0]), x.dtype))
        return x

    define(low, node, make, node.inputs[:1])


# Types of ONNX by the compiler's types. 64-bit integers are computed in 32 bits: they are numbers of rows
# here.
TYPES = {
    onnx.TensorProto.FLOAT: "f32",
    onnx.TensorProto.INT64: "i32",
    onnx.TensorProto.INT32: "i32",
    onnx.TensorProto.UINT8: "i32",
    onnx.TensorProto.BOOL: "mask",
}


@operator("Cast", fusable=True)
def cast(low: Lowering, node: Node) -> None:
    """Between float32, integers and truth values."""
    to = TYPES.get(node.attributes["to"])
    if to is None:
        kind = onnx.TensorProto.DataType.Name(node.attributes["to"])
        raise UnsupportedError(f"numbers of type {kind} are not supported")
    define(low, node, lambda x: x if x.dtype == to else apply(f"{to}_of_{x.dtype}", x, dtype=to), node.inputs)


def define(low: Lowering, node: Node, make: Make, inputs: tuple[str, ...]) -> None:
    """The output of a node as an expression of its inputs. Only one operand may be the result of a kernel."""
    shape: tuple[int, ...] = np.broadcast_shapes(*(low.shape(name) for name in inputs))
    lazy = [name for name in dict.fromkeys(inputs) if isinstance(low.values[name], Lazy)]
    sources: dict[int, Any] = {}
    for name in lazy:
        value = low.values[name]
        assert isinstance(value, Lazy)
        if value.source is not None:
            sources.setdefault(id(value.source), []).append(name)
    for names in list(sources.values())[:-1]:
        for name in names:
            low.view(name)
    operands, source = [], None
    for name in inputs:
        expr, found = low.operand(name, shape)
        operands.append(expr)
        source = found or source
    expr = make(*operands)
    if source is not None and not all(_fits(view, shape) for view in expr.views):
        for name in lazy:
            low.view(name)
        expr, source = make(*(low.operand(name, shape)[0] for name in inputs)), None
    low.define(node.outputs[0], Lazy(shape, expr, source))


def _fits(view: Any, shape: tuple[int, ...]) -> bool:
    """Whether the epilogue of a convolution can read a View of NCHW."""
    channel = view.strides[1]
    return view.dtype == "f32" and (channel in (0, 1) or shape[1] == 1)
