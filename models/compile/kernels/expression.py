"""Emits an expression on one vector of four elements. Every elementwise operation is a row of EMIT.

Does not load or store: the kernel that owns the loop does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from models.compile.ir import Expr
from models.compile.kernels import functions
from models.compile.wasm import V128, Function, Local


def _ops(*names: str) -> Callable[[Function], None]:
    return lambda f: f.op(*names)


# What each operation leaves on the stack in place of its operands.
EMIT: dict[str, Callable[[Function], None]] = {
    "add": _ops("f32x4.add"),
    "sub": _ops("f32x4.sub"),
    "mul": _ops("f32x4.mul"),
    "div": _ops("f32x4.div"),
    "neg": _ops("f32x4.neg"),
    "abs": _ops("f32x4.abs"),
    "sqrt": _ops("f32x4.sqrt"),
    "floor": _ops("f32x4.floor"),
    "ceil": _ops("f32x4.ceil"),
    "round": _ops("f32x4.nearest"),
    "min": _ops("f32x4.pmin"),
    "max": _ops("f32x4.pmax"),
    "exp": functions.exp,
    "sigmoid": functions.sigmoid,
    "tanh": functions.tanh,
    "prelu": functions.prelu,
    "hardswish": functions.hardswish,
    "greater": _ops("f32x4.gt"),
    "less": _ops("f32x4.lt"),
    "equal": _ops("f32x4.eq"),
    "greater_equal": _ops("f32x4.ge"),
    "less_equal": _ops("f32x4.le"),
    "and": _ops("v128.and"),
    "or": _ops("v128.or"),
    "not": _ops("v128.not"),
    "where": functions.where,
    "i32.add": _ops("i32x4.add"),
    "i32.sub": _ops("i32x4.sub"),
    "i32.mul": _ops("i32x4.mul"),
    "i32.div": lambda f: functions.quotient(f, "f32x4.trunc"),
    "i32.mod": functions.modulo,
    "i32.min": _ops("i32x4.min_s"),
    "i32.max": _ops("i32x4.max_s"),
    "i32.greater": _ops("i32x4.gt_s"),
    "i32.less": _ops("i32x4.lt_s"),
    "i32.equal": _ops("i32x4.eq"),
    "i32.greater_equal": _ops("i32x4.ge_s"),
    "i32.less_equal": _ops("i32x4.le_s"),
    "i32.to_last_byte": functions.to_last_byte,
    "f32_of_i32": _ops("f32x4.convert_i32x4_s"),
    "f32_of_mask": functions.one_where,
    "i32_of_f32": _ops("i32x4.trunc_sat_f32x4_s"),
    "i32_of_mask": functions.one_where_i32,
    "mask_of_f32": functions.is_set,
    "mask_of_i32": functions.is_set_i32,
}


def evaluate(f: Function, expr: Expr, load: Callable[..., None], value: Local | None = None) -> None:
    """Push the value of an expression. `load` pushes an element of a View; `value` is that of "input"."""
    uses = Counter(id(arg) for part in expr.walk() for arg in part.args)
    kept: dict[int, Local] = {}

    def push(part: Expr) -> None:
        if id(part) in kept:
            f.get(kept[id(part)])
            return
        if part.op == "input":
            assert value is not None, "an expression of a kernel's value stands outside a kernel"
            f.get(value)
            return
        if part.op == "number":
            f.splat(part.number) if part.dtype == "f32" else f.splat_i32(int(part.number))
            return
        if part.op == "load":
            assert part.view is not None
            load(part.view)
        elif part.op == "load_padded":  # channels from `number` on are zero; only dense convolutions have it
            assert part.view is not None
            load(part.view, int(part.number))
        elif part.op == "upsampled":  # likewise
            assert part.view is not None
            load(part.view, upsampled=True)
        else:
            for arg in part.args:
                push(arg)
            EMIT[part.op](f)
        if uses[id(part)] > 1:
            kept[id(part)] = f.local(V128)
            f.tee(kept[id(part)])

    push(expr)
