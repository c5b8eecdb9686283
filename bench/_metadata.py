"""Adds TFLite Model Metadata to a published file that has none: how bytes of a picture become inputs.

Does not change the network. MediaPipe's tasks-vision rejects a model without metadata. The tables are those
of metadata_schema.fbs (TFLite Support); a slot number is the position of a field in its table there.
"""

from __future__ import annotations

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

NAME, FILE_ID = b"TFLITE_METADATA", b"M001"
IMAGE, RGB, NORMALIZATION = 2, 1, 1  # members of the unions ContentProperties and ProcessUnitOptions; colours


def with_normalization(model: bytes, mean: float, std: float) -> bytes:
    """The TFLite file `model` with metadata: its input is (byte - mean) / std of an RGB picture."""
    table = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    buffer = schema.BufferT()
    buffer.data = list(metadata(mean, std))
    table.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = NAME, len(table.buffers) - 1
    table.metadata = [*(table.metadata or []), entry]
    builder = flatbuffers.Builder(len(model) + 4096)
    builder.Finish(table.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def metadata(mean: float, std: float) -> bytes:
    """A ModelMetadata table with one normalised input tensor and one output tensor."""
    builder = flatbuffers.Builder(512)

    def table(slots: int, **fields: tuple[int, int, str]) -> int:
        """A table with `slots` slots and these fields (slot, value, "byte" or "offset")."""
        builder.StartObject(slots)
        for slot, value, kind in fields.values():
            if kind == "byte":
                builder.PrependInt8Slot(slot, value, 0)
            else:
                builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        return int(builder.EndObject())

    def floats(value: float) -> int:
        builder.StartVector(4, 1, 4)
        builder.PrependFloat32(value)
        return int(builder.EndVector())

    def one(offset: int) -> int:
        builder.StartVector(4, 1, 4)
        builder.PrependUOffsetTRelative(offset)
        return int(builder.EndVector())

    options = table(2, mean=(0, floats(mean), "offset"), std=(1, floats(std), "offset"))
    unit = table(2, kind=(0, NORMALIZATION, "byte"), options=(1, options, "offset"))
    picture = table(2, colours=(0, RGB, "byte"))
    content = table(3, kind=(0, IMAGE, "byte"), properties=(1, picture, "offset"))
    tensor = table(7, content=(3, content, "offset"), units=(4, one(unit), "offset"))
    plain = table(7, content=(3, table(3), "offset"))
    graph = table(10, inputs=(2, one(tensor), "offset"), outputs=(3, one(plain), "offset"))
    root = table(8, graphs=(3, one(graph), "offset"))
    builder.Finish(root, FILE_ID)
    return bytes(builder.Output())
