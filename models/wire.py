"""Free dimensions written so that both readers of an ONNX file find them: bytes in, bytes out.

Does not change what the file says to a reader that follows protobuf's rules.
"""

from __future__ import annotations

from collections.abc import Iterator

# ModelProto.graph, GraphProto.input, ValueInfoProto.type, TypeProto.tensor_type, Tensor.shape,
# TensorShapeProto.dim: the fields from a model down to a dimension of an input (onnx.proto3).
PATH = (7, 11, 2, 1, 2, 1)
DIM_PARAM = 2
ZERO = b"\x08\x00"  # Dimension.dim_value = 0
BYTES = 2  # protobuf's wire type of what has a length


def with_zeros(data: bytes) -> bytes:
    """The ONNX file `data` with `dim_value: 0` before the name of every free dimension of an input.

    onnxruntime-web's WebGL backend takes only inputs of the shape the file says, or where that says 0, and
    reads a named dimension as null. dim_value and dim_param exclude each other: protobuf keeps the last, the
    name; protobuf.js, which that backend reads files with, keeps both.
    """
    return _edited(data, PATH)


def _edited(data: bytes, path: tuple[int, ...]) -> bytes:
    fields = list(_fields(data))
    if not path:
        return (ZERO if any(number == DIM_PARAM for number, _, _, _ in fields) else b"") + data
    parts = []
    for number, kind, whole, content in fields:
        if (number, kind) != (path[0], BYTES):
            parts.append(whole)
            continue
        inside = _edited(content, path[1:])
        parts.append(_varint(number << 3 | BYTES) + _varint(len(inside)) + inside)
    return b"".join(parts)


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(number, wire type, the field as it stands, its content where it has a length)."""
    place = 0
    while place < len(data):
        start = place
        key, place = _read(data, place)
        kind, content = key & 7, b""
        if kind == BYTES:
            length, place = _read(data, place)
            content = data[place : place + length]
            place += length
        elif kind == 0:
            _, place = _read(data, place)
        else:
            place += {1: 8, 5: 4}[kind]
        yield key >> 3, kind, data[start:place], content


def _read(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
