"""models.tflite: damaged and foreign files end in one clear sentence, soon."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import onnx
import pytest

from models import operators, tflite
from models.tensors import TfliteError
from tests.native.conftest import Published


def test_the_network_is_float32_with_fixed_shapes(published: Published) -> None:
    graph = published.network.graph
    shape = [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim]
    assert shape == [1, 3, published.card.input.height, published.card.input.width]
    assert {t.data_type for t in graph.initializer} <= {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\0" * 64, b"\x1c\0\0\0TFL3" + b"\xff" * 200])
def test_what_is_no_model_is_said(data: bytes) -> None:
    with pytest.raises(TfliteError, match="TFLite file"):
        tflite.read(data)


def test_a_truncated_file_is_an_error(published: Published) -> None:
    size = len(published.data)
    for length in [8, 100, *range(1000, size - 1, size // 40)]:
        with pytest.raises(TfliteError, match="TFLite file"):
            tflite.read(published.data[:length])


def test_flipped_bits_give_a_model_or_a_sentence_and_never_hang(published: Published) -> None:
    """Weights may be anything (the sha256 guards them); the structure must be noticed."""
    rng = np.random.default_rng(7)
    errors, slowest = 0, 0.0
    table = len(published.data) - 40_000  # operators and tensors stand behind the weights
    for _ in range(60):
        data = bytearray(published.data)
        for place in rng.integers(max(table, 0), len(data), 8):
            data[place] ^= 1 << int(rng.integers(8))
        start = perf_counter()
        try:
            onnx.checker.check_model(tflite.read(bytes(data)))
        except TfliteError as error:
            errors += 1
            assert "\n" not in str(error)
        slowest = max(slowest, perf_counter() - start)
    assert errors > 0
    assert slowest < 5


def test_an_unknown_operator_is_named(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(operators.OPERATORS, "CONV_2D")
    with pytest.raises(TfliteError, match=r"operator \d+ is CONV_2D, which the importer does not know"):
        tflite.read(published.data)
