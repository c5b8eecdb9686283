"""The kernels of load(): small weights become float32.

Does not know where the weights lie: weights.py calls with addresses.
"""

from __future__ import annotations

from models.compile.wasm import I32, V128, Function, Local


def widen_half() -> Function:
    """(to, from, vectors): float16 to float32, also for numbers below float16's normal range."""
    f = Function("widen_half", (I32, I32, I32))
    to, source, left = map(Local, range(3))
    bits = f.local(V128)
    with f.loop():
        f.get(source)
        f.memory("v128.load16x4_u")
        f.set(bits)
        f.get(to)
        f.get(bits)
        f.splat_i32(0x7FFF)
        f.op("v128.and")
        f.i32(13)
        f.op("i32x4.shl")
        f.splat(2.0**112)  # the difference of the exponents' biases
        f.op("f32x4.mul")
        f.get(bits)
        f.splat_i32(0x8000)
        f.op("v128.and")
        f.i32(16)
        f.op("i32x4.shl", "v128.or")
        f.memory("v128.store")
        f.add(to, 16)
        f.add(source, 8)
        f.get(left)
        f.i32(1)
        f.op("i32.sub")
        f.tee(left)
        f.again()
    return f


def widen_int8() -> Function:
    """(to, from, factors, blocks, taps, outputs): (integer + shift) * scale, of its block and output.

    Factors are [blocks, 2, outputs]: shift, then scale. The number of outputs is a multiple of 4.
    """
    f = Function("widen_int8", (I32,) * 6)
    to, source, factors, blocks, taps, width = map(Local, range(6))
    tap, column, row = f.local(), f.local(), f.local()

    def down(local: Local) -> None:
        f.get(local)
        f.i32(1)
        f.op("i32.sub")
        f.tee(local)
        f.again()

    def factor(second: bool) -> None:
        f.get(factors)
        f.get(column)
        f.op("i32.add")
        if second:
            f.get(row)
            f.op("i32.add")
        f.memory("v128.load")

    f.get(width)
    f.i32(2)
    f.op("i32.shl")
    f.set(row)
    with f.loop():
        f.get(taps)
        f.set(tap)
        with f.loop():
            f.i32(0)
            f.set(column)
            with f.loop():
                f.get(to)
                f.get(source)
                f.memory("v128.load8x8_s")
                f.op("i32x4.extend_low_i16x8_s", "f32x4.convert_i32x4_s")
                factor(False)
                f.op("f32x4.add")
                factor(True)
                f.op("f32x4.mul")
                f.memory("v128.store")
                f.add(to, 16)
                f.add(source, 4)
                f.add(column, 16)
                f.get(column)
                f.get(row)
                f.op("i32.ne")
                f.again()
            down(tap)
        f.get(factors)
        f.get(row)
        f.i32(1)
        f.op("i32.shl", "i32.add")
        f.set(factors)
        down(blocks)
    return f
