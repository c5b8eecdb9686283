"""Modules that measure what a core can do, and what the dense kernel makes of it with tiles of each size.

Measures nothing itself. At the peak, numbers stay in registers: each accumulator becomes accumulator * 0.5 +
1, so that no result can be computed beforehand and none becomes a denormal.
"""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import onnx
from onnx import helper, numpy_helper

from models.compile import Program, compile_graph, wasm
from models.compile.ir import LANES
from models.compile.kernels.dense import TILES
from models.compile.wasm import V128, Function

ACCUMULATORS = (8, 10, 12, 13)  # enough to hide the latency, few enough for the registers
TURNS, UNROLLED = 2000, 4
KINDS = {"simd": False, "relaxed": True}
PIXELS = (1, 2, 3, 4, 5, 6, 7, 8)
CHANNELS, COLUMNS = 72, 1680  # a multiple of all PIXELS


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


DENSE = "step1"  # the export of the convolution of tiled(), between copies of its map
TILED_MACS = CHANNELS * CHANNELS * COLUMNS


def tiled(pixels: int) -> Program:
    """A 1 x 1 convolution of CHANNELS to CHANNELS, computed in tiles of `pixels` by 8 channels."""
    shape = (1, CHANNELS, 1, COLUMNS)
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "tiles",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, shape)],
        [numpy_helper.from_array(np.ones((CHANNELS, CHANNELS, 1, 1), np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    with patch.dict(TILES, {(2, relaxed): (pixels,) for relaxed in KINDS.values()}):
        return compile_graph(model, profile=True)
