"""The WebAssembly instructions that the kernels use, with their codes.

Does not encode: wasm.py does. https://webassembly.github.io/spec/core/appendix/index-instructions.html
"""

# Instructions without immediates.
PLAIN = {
    "drop": 0x1A, "select": 0x1B, "return": 0x0F,
    "i32.eqz": 0x45, "i32.eq": 0x46, "i32.ne": 0x47, "i32.lt_s": 0x48, "i32.lt_u": 0x49, "i32.gt_s": 0x4A,
    "i32.gt_u": 0x4B, "i32.le_s": 0x4C, "i32.ge_s": 0x4E,
    "f32.eq": 0x5B, "f32.ne": 0x5C, "f32.lt": 0x5D, "f32.gt": 0x5E, "f32.le": 0x5F, "f32.ge": 0x60,
    "i32.add": 0x6A, "i32.sub": 0x6B, "i32.mul": 0x6C, "i32.div_s": 0x6D, "i32.rem_s": 0x6F, "i32.and": 0x71,
    "i32.or": 0x72, "i32.xor": 0x73, "i32.shl": 0x74, "i32.shr_s": 0x75, "i32.shr_u": 0x76,
    "f32.abs": 0x8B, "f32.sqrt": 0x91, "f32.add": 0x92, "f32.sub": 0x93, "f32.mul": 0x94, "f32.div": 0x95,
    "f32.min": 0x96, "f32.max": 0x97, "f32.convert_i32_s": 0xB2, "f32.convert_i32_u": 0xB3,
}  # fmt: skip

# Instructions of the vector extension, prefix 0xFD, without immediates.
VECTOR = {
    "i8x16.swizzle": 14, "i8x16.splat": 15, "i16x8.splat": 16, "i32x4.splat": 17, "f32x4.splat": 19,
    "i32x4.eq": 55, "i32x4.ne": 56, "i32x4.lt_s": 57, "i32x4.gt_s": 59, "i32x4.le_s": 61, "i32x4.ge_s": 63,
    "f32x4.eq": 65, "f32x4.ne": 66, "f32x4.lt": 67, "f32x4.gt": 68, "f32x4.le": 69, "f32x4.ge": 70,
    "v128.not": 77, "v128.and": 78, "v128.andnot": 79, "v128.or": 80, "v128.xor": 81, "v128.bitselect": 82,
    "v128.any_true": 83,
    "f32x4.ceil": 103, "f32x4.floor": 104, "f32x4.trunc": 105, "f32x4.nearest": 106,
    "i16x8.narrow_i32x4_s": 133, "i16x8.narrow_i32x4_u": 134, "i8x16.narrow_i16x8_u": 102,
    "i8x16.sub": 113, "i8x16.sub_sat_u": 115, "i8x16.avgr_u": 123, "i16x8.extadd_pairwise_i8x16_u": 125,
    "i32x4.extadd_pairwise_i16x8_u": 127, "i16x8.q15mulr_sat_s": 130, "i16x8.shl": 139, "i16x8.shr_s": 140,
    "i16x8.shr_u": 141, "i16x8.add": 142, "i16x8.add_sat_s": 143, "i16x8.sub": 145, "i16x8.sub_sat_s": 146,
    "i16x8.min_s": 150, "i16x8.max_s": 152, "i16x8.extend_high_i8x16_u": 138,
    "i16x8.extend_low_i8x16_u": 137, "i32x4.extend_low_i16x8_s": 167, "i32x4.extend_high_i16x8_s": 168,
    "i32x4.extend_low_i16x8_u": 169,
    "i32x4.shl": 171, "i32x4.shr_s": 172, "i32x4.shr_u": 173, "i32x4.add": 174, "i32x4.sub": 177,
    "i32x4.mul": 181, "i32x4.min_s": 182, "i32x4.max_s": 184,
    "f32x4.abs": 224, "f32x4.neg": 225, "f32x4.sqrt": 227, "f32x4.add": 228, "f32x4.sub": 229,
    "f32x4.mul": 230, "f32x4.div": 231, "f32x4.min": 232, "f32x4.max": 233, "f32x4.pmin": 234,
    "f32x4.pmax": 235,
    "i32x4.trunc_sat_f32x4_s": 248, "i32x4.trunc_sat_f32x4_u": 249, "f32x4.convert_i32x4_s": 250,
    "f32x4.convert_i32x4_u": 251,
    "f32x4.relaxed_madd": 0x105,
}  # fmt: skip

# Memory instructions: the opcode, and the binary logarithm of the access's size as the alignment hint.
MEMORY = {
    "i32.load": (b"\x28", 2), "f32.load": (b"\x2a", 2), "i32.load8_u": (b"\x2d", 0),
    "i32.load16_u": (b"\x2f", 1),
    "i32.store": (b"\x36", 2), "f32.store": (b"\x38", 2), "i32.store8": (b"\x3a", 0),
    "v128.load": (b"\xfd\x00", 4), "v128.load8x8_s": (b"\xfd\x01", 3), "v128.load8x8_u": (b"\xfd\x02", 3),
    "v128.load16x4_u": (b"\xfd\x04", 3),
    "v128.load8_splat": (b"\xfd\x07", 0), "v128.load32_splat": (b"\xfd\x09", 2),
    "v128.store": (b"\xfd\x0b", 4),
    "v128.load32_zero": (b"\xfd\x5c", 2), "v128.load64_zero": (b"\xfd\x5d", 3),
}  # fmt: skip

# Memory instructions on one lane.
LANE = {
    "v128.load8_lane": (84, 0), "v128.load32_lane": (86, 2), "v128.load64_lane": (87, 3),
    "v128.store8_lane": (88, 0), "v128.store32_lane": (90, 2), "v128.store64_lane": (91, 3),
}  # fmt: skip

# Instructions that take one lane out of a vector, or put a number into it.
LANE_VALUE = {"i32x4.extract_lane": 27, "f32x4.extract_lane": 31, "f32x4.replace_lane": 32}
