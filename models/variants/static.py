"""Static int8 quantisation of a network by onnxruntime.quantization, calibrated on pictures.

Does not quantise pre- or postprocessing and does not choose the pictures (verify/calibration.py does).
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

from models.variants.region import network_nodes

# Operators with an integer kernel on the processor; the others of the network compute in float32.
KINDS = ["Conv", "Gemm", "Add", "Mul", "AveragePool", "GlobalAveragePool", "MaxPool", "Concat", "Resize"]


def quantise(model: onnx.ModelProto, feeds: Sequence[Mapping[str, NDArray[Any]]]) -> onnx.ModelProto:
    """The model with its network in QDQ form: uint8 activations, int8 weights by output channel.

    onnxruntime's WebAssembly kernels are written for uint8 by int8. Raises ValueError without feeds.
    """
    if not feeds:
        raise ValueError("Static quantisation needs pictures to calibrate on.")
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    inside = set(network_nodes(model))
    named = onnx.ModelProto()
    named.CopyFrom(model)
    version = max(entry.version for entry in model.opset_import if not entry.domain)
    named.ClearField("opset_import")  # a merged graph names its opset several times
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
    """The feeds with the interface of onnxruntime.quantization."""

    def __init__(self, feeds: Sequence[Mapping[str, NDArray[Any]]]) -> None:
        self._left: Iterator[Mapping[str, NDArray[Any]]] = iter(feeds)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        feeds = next(self._left, None)
        return None if feeds is None else dict(feeds)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hides the advice to simplify the graph first: the graph is simplified already."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
