"""The values between nodes: tensors in memory, constants, and expressions that are not computed yet.

Does not decide when an expression is computed: lower.py does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.compile.ir import Expr, View
from models.compile.packing import Const


@dataclass(frozen=True)
class Source:
    """A kernel whose results go through an expression before they are stored: a convolution to be emitted.

    `emit(out, epilogue, padded)` appends its step. `out` and the Views of the epilogue are [rows, columns,
    channels].
    """

    shape: tuple[int, ...]  # NCHW
    clean: bool  # channels that fill up the last vector are zero
    emit: Callable[[View, Expr, bool], None]
    dense: bool = True  # its epilogue may read fewer channels, or a map that is to be enlarged


@dataclass(frozen=True)
class Lazy:
    """A value that is not in memory yet: an expression, perhaps of the results of a Source."""

    shape: tuple[int, ...]
    expr: Expr
    source: Source | None = None


Value = View | Lazy | Const
