"""fixed(): names of dimensions overwritten by numbers, as onnx itself reads them. Runs no model."""

import onnx
import pytest
from onnx import TensorProto, helper

from app.core.dimensions import fixed


def model() -> onnx.ModelProto:
    """One Relu over [1,height,width,4], whose weights hold the names as well."""
    shape: list[str | int | None] = [1, "height", "width", 4]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["rgba"], ["out"])],
        "height",
        [helper.make_tensor_value_info("rgba", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)],
        [helper.make_tensor("height", TensorProto.UINT8, [6], b"height", raw=True)],
    )
    return helper.make_model(graph)


def dims(found: onnx.ModelProto) -> list[list[int]]:
    values = [*found.graph.input, *found.graph.output]
    return [[d.dim_value for d in value.type.tensor_type.shape.dim] for value in values]


@pytest.mark.parametrize("size", [(1, 1), (121, 161), (481, 641), (16384, 8192)])
def test_every_shape_is_set_and_nothing_else(size: tuple[int, int]) -> None:
    data = model().SerializeToString()
    changed = fixed(data, {"height": size[0], "width": size[1]})
    assert len(changed) == len(data)
    found = onnx.load_from_string(changed)
    assert dims(found) == [[1, *size, 4]] * 2
    assert found.graph.name == "height"
    assert found.graph.initializer[0].raw_data == b"height"
    onnx.checker.check_model(found)


def test_without_dimensions_it_is_the_same_file() -> None:
    data = model().SerializeToString()
    assert fixed(data, {}) == data
    assert fixed(data, {"depth": 3}) == data


@pytest.mark.parametrize(("name", "size"), [("height", 0), ("height", -1), ("h", 1 << 20), ("x" * 10, 1)])
def test_a_number_that_has_no_room_is_refused(name: str, size: int) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        fixed(b"", {name: size})
