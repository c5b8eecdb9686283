"""fixed(): an ONNX file whose free dimensions are numbers, for a runtime that cannot be told them (WebGL).

Does not parse the file: a dimension's name is overwritten in place by a number of the same length.
"""

from __future__ import annotations

from collections.abc import Mapping

# TensorShapeProto.Dimension has either a number (field 1, a varint) or a name (field 2, a string):
# https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto. A varint may be padded with empty groups of bits:
# https://protobuf.dev/programming-guides/encoding/#varints. Its longest form is 10 bytes.
VALUE, NAME = b"\x08", b"\x12"
LONGEST = 10


def fixed(model: bytes, dimensions: Mapping[str, int]) -> bytes:
    """The file with each dimension of these names set. Raises ValueError for one that has no room."""
    for name, size in dimensions.items():
        text = name.encode()
        varint = _padded(size, len(text) + 1)
        model = model.replace(_dimension(NAME + bytes([len(text)]) + text), _dimension(VALUE + varint))
    return model


def _dimension(inside: bytes) -> bytes:
    """The message as it lies in a shape: field 1, its length, what is in it."""
    return b"\x0a" + bytes([len(inside)]) + inside


def _padded(number: int, length: int) -> bytes:
    """A varint of exactly `length` bytes."""
    if not 0 < number < 1 << min(31, 7 * length) or length > LONGEST:
        raise ValueError(f"{number} cannot be written in {length} bytes")
    groups = [number >> 7 * n & 127 for n in range(length)]
    return bytes([*(group | 128 for group in groups[:-1]), groups[-1]])
