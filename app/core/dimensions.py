"""fixed(): gives an ONNX file's free dimensions a size, for the WebGL runtime, which has no option for it.

Does not parse the file: it overwrites a dimension's name with a number of the same length.
"""

from __future__ import annotations

from collections.abc import Mapping

# TensorShapeProto.Dimension has either a number (field 1, a varint) or a name (field 2, a string):
# https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto. A varint may be padded with empty groups of bits:
# https://protobuf.dev/programming-guides/encoding/#varints. Its longest form is 10 bytes.
VALUE, NAME = b"\x08", b"\x12"
LONGEST = 10


def fixed(model: bytes, dimensions: Mapping[str, int]) -> bytes:
    """The file with each of these free dimensions set to its size.

    Raises ValueError for a name that is too short or too long to be replaced by the number.
    """
    for name, size in dimensions.items():
        text = name.encode()
        varint = _padded(size, len(text) + 1)
        model = model.replace(_dimension(NAME + bytes([len(text)]) + text), _dimension(VALUE + varint))
    return model


def _dimension(inside: bytes) -> bytes:
    """The bytes of a Dimension inside a shape: the tag of field 1, the length, the content."""
    return b"\x0a" + bytes([len(inside)]) + inside


def _padded(number: int, length: int) -> bytes:
    """The number as a varint of exactly `length` bytes."""
    if not 0 < number < 1 << min(31, 7 * length) or length > LONGEST:
        raise ValueError(f"{number} cannot be written in {length} bytes. Rename the free dimension.")
    groups = [number >> 7 * n & 127 for n in range(length)]
    return bytes([*(group | 128 for group in groups[:-1]), groups[-1]])
