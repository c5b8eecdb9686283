"""The kernel of TopK: the largest k of a row, in order.

Keeps the maximum of each part of the row, so that each further number is found in few steps. Every search has
a bound, also for NaN.
"""

from __future__ import annotations

from models.compile.ir import LANES, View
from models.compile.wasm import F32, V128, Function, Local

PART = 16  # numbers whose maximum is kept
REMOVED = float("-inf")


def _search(f: Function, index: Local, address: Local, end: int, base: int, wanted: Local) -> None:
    """Move `address` (bytes from base) on to the float `wanted`, at most to number `end`; count along."""
    with f.loop():
        f.get(address)
        f.memory("f32.load", base)
        f.get(wanted)
        f.op("f32.ne")
        f.get(index)
        f.i32(end - 1)
        f.op("i32.lt_s", "i32.and")
        with f.when():
            f.add(address, 4)
            f.add(index, 1)
            f.i32(1)
            f.again(1)


def _largest(f: Function, vector: Local, into: Local) -> None:
    """The largest lane."""
    for lane in range(LANES):
        f.get(vector)
        f.extract("f32x4.extract_lane", lane)
        if lane:
            f.op("f32.max")
    f.set(into)


def top_k(f: Function, row: View, left: View, most: View, k: int, best: View, where: View) -> None:
    """The k largest of `row`. `left`, its finite copy, is used up; it is filled up with REMOVED.

    `most` has room for the maxima of PART numbers each; its rest is REMOVED.
    """
    parts = left.shape[0] // PART
    part, address, number = f.local(), f.local(), f.local()
    out = f.local()
    top, vector = f.local(F32), f.local(V128)

    def refresh() -> None:
        """The maximum of the part at `part`."""
        for i in range(PART // LANES):
            f.get(part)
            f.i32(4 * PART)
            f.op("i32.mul")
            f.memory("v128.load", left.address + 16 * i)
            if i:
                f.op("f32x4.pmax")
        f.set(vector)
        _largest(f, vector, top)
        f.get(part)
        f.i32(2)
        f.op("i32.shl")
        f.get(top)
        f.memory("f32.store", most.address)

    with f.repeat(parts):
        refresh()
        f.add(part, 1)
    with f.repeat(k):
        f.i32(0)
        f.memory("v128.load", most.address)
        for i in range(1, most.shape[0] // LANES):
            f.i32(0)
            f.memory("v128.load", most.address + 16 * i)
            f.op("f32x4.pmax")
        f.set(vector)
        _largest(f, vector, top)
        for local in (part, address):
            f.i32(0)
            f.set(local)
        _search(f, part, address, parts, most.address, top)
        f.get(part)
        f.i32(4 * PART)
        f.op("i32.mul")
        f.set(address)
        f.i32(0)
        f.set(number)
        _search(f, number, address, PART, left.address, top)
        f.get(out)
        f.get(address)
        f.i32(2)
        f.op("i32.shr_u")
        f.i32(row.byte_strides[0])
        f.op("i32.mul")
        f.memory("f32.load", row.address)
        f.memory("f32.store", best.address)
        f.get(out)
        f.get(address)
        f.i32(2)
        f.op("i32.shr_u")
        f.memory("i32.store", where.address)
        f.add(out, 4)
        f.get(address)
        f.f32(REMOVED)
        f.memory("f32.store", left.address)
        refresh()
