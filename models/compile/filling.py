"""at_zero(): what an expression makes of the zeros that fill up the last vector of a map's channels.

Does not compute anything else: expressions run in the module.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.compile.ir import Expr


def at_zero(expr: Expr) -> float:
    """The value of an expression of numbers, its "input" and its Views being 0."""
    values: dict[int, float] = {}
    table: dict[str, Callable[..., float]] = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "neg": lambda a: -a,
        "abs": abs,
        "min": min,
        "max": max,
        "sqrt": lambda a: a**0.5,
        "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
        "tanh": np.tanh,
        "prelu": lambda a, slope: a if a > 0 else slope * a,
        "hardswish": lambda a: a * min(max(a / 6 + 0.5, 0), 1),
    }
    for part in expr.walk():
        if part.op in ("input", "load", "load_padded", "upsampled"):
            values[id(part)] = 0.0
        elif part.op == "number":
            values[id(part)] = part.number
        elif part.op in table:
            values[id(part)] = float(table[part.op](*(values[id(arg)] for arg in part.args)))
        else:
            return float("nan")
    return values[id(expr)]
