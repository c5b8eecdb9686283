"""Arithmetic of eight int16 at once, which the kernels share.

Emits code only; holds no kernel. Q7 is int16 with 7 fractional bits (0 to 255 are 0 to 32640), Q15 a weight
from 0 to 32767.
"""

from __future__ import annotations

from models.pixels.writer import Function, i16x8, i32, op

LOW, HIGH = "i16x8.extend_low_i8x16_u", "i16x8.extend_high_i8x16_u"


def shl(value: bytes, bits: int) -> bytes:
    """Eight int16 shifted left."""
    return op("i16x8.shl", value, i32(bits))


def q15(a: bytes, weight: bytes) -> bytes:
    """Eight products, rounded."""
    return op("i16x8.q15mulr_sat_s", a, weight)


def rounded(value: bytes, bits: int) -> bytes:
    """Eight int16 without their fractional bits."""
    return op("i16x8.shr_s", op("i16x8.add_sat_s", value, i16x8(1 << (bits - 1))), i32(bits))


def narrow(a: bytes, b: bytes) -> bytes:
    """Sixteen int16 as bytes, limited to 0 to 255."""
    return op("i8x16.narrow_i16x8_u", a, b)


def blend(f: Function, a: bytes, b: bytes, weight: bytes) -> bytes:
    """a + (b - a) * weight in Q7, of values in Q7. `a` is taken twice."""
    return op("i16x8.add", a, q15(op("i16x8.sub", b, a), weight))
