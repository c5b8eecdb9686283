"""Static int8: onnxruntime.quantization on the network of a fused graph, activations calibrated on pictures.

Does not quantise the front or the back, and does not choose the pictures (views.py does).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from numpy.typing import NDArray

from models.variants.region import network

# What has an integer kernel on the processor; others in the network compute in float32 between integers.
KINDS = ["Conv", "Gemm", "Add", "Mul", "AveragePool", "GlobalAveragePool", "MaxPool", "Concat", "Resize"]


def quantized(model: onnx.ModelProto, feeds: Sequence[Mapping[str, NDArray[Any]]]) -> onnx.ModelProto:
    """The model with its network in QDQ form: uint8 activations, int8 weights by output channel.

    uint8 by int8 is the pair that onnxruntime's WebAssembly kernels are written for. Raises ValueError
    where there is nothing to calibrate on.
    """
    if not feeds:
        raise ValueError("static quantisation needs pictures to calibrate on")
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    inside = set(network(model))
    named = onnx.ModelProto()
    named.CopyFrom(model)
    version = max(entry.version for entry in model.opset_import if not entry.domain)
    named.ClearField("opset_import")  # graphs joined from several name their opset several times
    named.opset_import.append(onnx.helper.make_opsetid("", version))
    chosen = []
    for place, node in enumerate(named.graph.node):
        node.name = f"n{place}"
        if place in inside and node.op_type in KINDS:
            chosen.append(node.name)
    with TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "qdq.onnx"
        quantize_static(
            named,
            path,
            _Reader(feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=KINDS,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=chosen,
        )
        result = onnx.load(path)
    result.producer_name, result.graph.name = "vitrine", model.graph.name
    del result.metadata_props[:]
    return result


class _Reader:
    """The feeds in the form onnxruntime.quantization takes them."""

    def __init__(self, feeds: Sequence[Mapping[str, NDArray[Any]]]) -> None:
        self._left: Iterator[Mapping[str, NDArray[Any]]] = iter(feeds)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        found = next(self._left, None)
        return None if found is None else dict(found)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without its advice to simplify the graph first: ours is simple."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
