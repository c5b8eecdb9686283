"""Functions of vectors that take several instructions: exp, sigmoid, division of integers and others.

Each takes its operands from the stack and leaves its result there.
"""

from __future__ import annotations

from collections.abc import Callable

from models.compile.wasm import V128, Function, Local

Push = Callable[[], None]

LOG2_E = 1.4426950408889634
MAGIC = 12582912.0  # 1.5 * 2**23: adding it rounds a float to a whole number, which stands in the low bits
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4  # their sum is ln 2; n * LN2_HIGH is exact (Cephes, expf)
EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5)
LARGEST = 87.0  # exp beyond it overflows, or is a denormal, which is slow
STEEPEST = 30.0  # sigmoid(30) is 1 - 1e-13; beyond it the square of 1 - sigmoid would be a denormal
# The minimax polynomial of 2**x for -0.5 <= x <= 0.5 by relative error, which is 7.5e-8 (Remez's algorithm).
EXP2 = (0.00132764720, 0.00967554133, 0.0555071327, 0.240221197, 0.693146967, 1.00000007)


def push_local(f: Function, local: Local) -> Push:
    """What pushes a local."""
    return lambda: f.get(local)


def multiply_add(f: Function, a: Push, b: Push, c: Push) -> None:
    """Push a * b + c."""
    a()
    b()
    if f.relaxed:
        c()
        f.op("f32x4.relaxed_madd")
    else:
        f.op("f32x4.mul")
        c()
        f.op("f32x4.add")


def exp(f: Function) -> None:
    """x -> e**x, within 2 units in the last place (Cephes' expf); x is first limited to +-87."""
    x, n, p = f.local(V128), f.local(V128), f.local(V128)
    f.splat(LARGEST)
    f.op("f32x4.pmin")
    f.splat(-LARGEST)
    f.op("f32x4.pmax")
    f.set(x)
    multiply_add(f, lambda: f.get(x), lambda: f.splat(LOG2_E), lambda: f.splat(MAGIC))
    f.set(n)  # the whole number stands in its low bits
    rounded = f.local(V128)
    f.get(n)
    f.splat(MAGIC)
    f.op("f32x4.sub")
    f.set(rounded)
    for part in (LN2_HIGH, LN2_LOW):
        multiply_add(f, lambda: f.get(rounded), lambda part=part: f.splat(-part), lambda: f.get(x))  # type: ignore[misc]
        f.set(x)
    f.splat(EXP[0])
    f.set(p)
    for term in EXP[1:]:
        multiply_add(f, lambda: f.get(p), lambda: f.get(x), lambda term=term: f.splat(term))  # type: ignore[misc]
        f.set(p)
    f.get(x)
    f.get(x)
    f.op("f32x4.mul")
    f.set(rounded)
    multiply_add(f, lambda: f.get(p), lambda: f.get(rounded), lambda: f.get(x))
    f.splat(1.0)
    f.op("f32x4.add")
    f.get(n)
    f.i32(23)
    f.op("i32x4.shl", "i32x4.add")  # times 2**n


def sigmoid(f: Function) -> None:
    """x -> 1 / (1 + e**-x), within 1.1e-7: e**-x is 2**whole times a polynomial of the rest."""
    t, n, p = f.local(V128), f.local(V128), f.local(V128)
    f.splat(STEEPEST)
    f.op("f32x4.pmin")
    f.splat(-STEEPEST)
    f.op("f32x4.pmax")
    f.splat(-LOG2_E)
    f.op("f32x4.mul")
    f.tee(t)
    f.splat(MAGIC)
    f.op("f32x4.add")
    f.set(n)
    f.get(t)
    f.get(n)
    f.splat(MAGIC)
    f.op("f32x4.sub", "f32x4.sub")
    f.set(t)
    f.splat(EXP2[0])
    f.set(p)
    for term in EXP2[1:]:
        multiply_add(f, lambda: f.get(p), lambda: f.get(t), lambda term=term: f.splat(term))  # type: ignore[misc]
        f.set(p)
    f.splat(1.0)
    f.get(p)
    f.get(n)
    f.i32(23)
    f.op("i32x4.shl", "i32x4.add")
    f.splat(1.0)
    f.op("f32x4.add", "f32x4.div")


def tanh(f: Function) -> None:
    """x -> 2 * sigmoid(2 x) - 1."""
    f.splat(2.0)
    f.op("f32x4.mul")
    sigmoid(f)
    f.splat(2.0)
    f.op("f32x4.mul")
    f.splat(1.0)
    f.op("f32x4.sub")


def prelu(f: Function) -> None:
    """x, slope -> x where x > 0, else slope * x."""
    x, slope = f.local(V128), f.local(V128)
    f.set(slope)
    f.tee(x)
    f.splat(0.0)
    f.op("f32x4.pmin")
    f.get(slope)
    f.op("f32x4.mul")
    f.get(x)
    f.splat(0.0)
    f.op("f32x4.pmax", "f32x4.add")


def hardswish(f: Function) -> None:
    """x -> x * min(max(x / 6 + 0.5, 0), 1)."""
    x = f.local(V128)
    f.tee(x)
    multiply_add(f, lambda: f.get(x), lambda: f.splat(1 / 6), lambda: f.splat(0.5))
    f.splat(0.0)
    f.op("f32x4.pmax")
    f.splat(1.0)
    f.op("f32x4.pmin", "f32x4.mul")


def quotient(f: Function, *finish: str) -> None:
    """i, j -> the quotient as a float, finished by `finish`, and back: exact for numbers below 2**24."""
    divisor = f.local(V128)
    f.op("f32x4.convert_i32x4_s")
    f.set(divisor)
    f.op("f32x4.convert_i32x4_s")
    f.get(divisor)
    f.op("f32x4.div", *finish, "i32x4.trunc_sat_f32x4_s")


def modulo(f: Function) -> None:
    """i, j -> i - j * floor(i / j), which has the sign of j."""
    i, j = f.local(V128), f.local(V128)
    f.set(j)
    f.tee(i)
    f.get(i)
    f.get(j)
    quotient(f, "f32x4.floor")
    f.get(j)
    f.op("i32x4.mul", "i32x4.sub")


def one_where(f: Function) -> None:
    """A mask -> 1.0 or 0.0."""
    f.splat(1.0)
    f.op("v128.and")


def where(f: Function) -> None:
    """mask, a, b -> a where the mask is set, else b. bitselect takes the mask last."""
    a, b, mask = f.local(V128), f.local(V128), f.local(V128)
    f.set(b)
    f.set(a)
    f.set(mask)
    f.get(a)
    f.get(b)
    f.get(mask)
    f.op("v128.bitselect")


def one_where_i32(f: Function) -> None:
    """A mask -> 1 or 0."""
    f.splat_i32(1)
    f.op("v128.and")


def is_set(f: Function) -> None:
    """x -> a mask, set where x is not 0."""
    f.splat(0.0)
    f.op("f32x4.ne")


def is_set_i32(f: Function) -> None:
    """i -> a mask, set where i is not 0."""
    f.splat_i32(0)
    f.op("i32x4.ne")


def to_last_byte(f: Function) -> None:
    """i, limited to 0 to 255 -> i * 2**24: the last of the four bytes of a lane in memory."""
    f.splat_i32(0)
    f.op("i32x4.max_s")
    f.splat_i32(255)
    f.op("i32x4.min_s")
    f.i32(24)
    f.op("i32x4.shl")
