"""Modules that measure how many multiplications and additions of 128-bit vectors a core can do.

Do nothing else: the numbers stay in registers. Each accumulator becomes accumulator * 0.5 + 1, so that no
result can be computed beforehand and none becomes a denormal.
"""

from __future__ import annotations

from models.compile import wasm
from models.compile.ir import LANES
from models.compile.wasm import V128, Function

ACCUMULATORS = (8, 10, 12, 13)  # enough to hide the latency, few enough for the registers
TURNS, UNROLLED = 2000, 4
KINDS = {"simd": False, "relaxed": True}


def macs(accumulators: int) -> int:
    """Multiplications of one call of run()."""
    return LANES * accumulators * TURNS * UNROLLED


def module(accumulators: int, relaxed: bool) -> bytes:
    """A module whose run() multiplies and adds; `relaxed`: in one instruction."""
    f = Function("run", relaxed=relaxed)
    factor, addend = f.local(V128), f.local(V128)
    totals = [f.local(V128) for _ in range(accumulators)]
    f.splat(0.5)
    f.set(factor)
    f.splat(1.0)
    f.set(addend)
    with f.repeat(TURNS):
        for total in totals * UNROLLED:
            f.get(total)
            f.get(factor)
            if not relaxed:
                f.op("f32x4.mul")
            f.get(addend)
            f.op("f32x4.relaxed_madd" if relaxed else "f32x4.add")
            f.set(total)
    for place, total in enumerate(totals):
        f.i32(0)
        f.get(total)
        f.memory("v128.store", 16 * place)
    return wasm.module([f], {"run": 0}, 1, {})
