"""Importer: a TFLite file becomes a float32 ONNX model in NCHW layout.

Does not fuse, lower or check accuracy, and does not need TensorFlow: only the published schema.
Layout: tensors of four dimensions are NCHW in the result, all others keep the order of the file.
"""

from __future__ import annotations

import struct

import numpy as np
import onnx
import tflite
from onnx import helper, numpy_helper

from models.operators import OPERATORS
from models.tensors import PERMUTE, Array, Graph, Op, TfliteError

OPSET = 17
# The largest model we import has 300 operators; the limits only stop nonsense.
MAX_OPERATORS = 10_000
MAX_TENSORS = 50_000

_NAMES = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}


def _operators(g: Graph) -> list[Op]:
    found = []
    for index in range(g.raw.OperatorsLength()):
        raw = g.raw.Operators(index)
        code = g.model.OperatorCodes(raw.OpcodeIndex())
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = _NAMES.get(number, str(number))
        if name == "CUSTOM":
            name = (code.CustomCode() or b"").decode()
        if name not in OPERATORS:
            raise TfliteError(f"operator {index} is {name or 'unnamed'}, which the importer does not know")
        inputs, outputs = [
            [int(i) for i in (array if isinstance(array, np.ndarray) else ())]
            for array in (raw.InputsAsNumpy(), raw.OutputsAsNumpy())
        ]
        if not inputs or len(outputs) != 1:
            raise TfliteError(
                f"operator {index} ({name}) has {len(inputs)} inputs and {len(outputs)} outputs"
            )
        found.append(Op(index, name, inputs, outputs, raw))
    return found


def _values(g: Graph, tensors: Array) -> list[onnx.ValueInfoProto]:
    result = []
    for tensor in tensors:
        shape = g.shape(int(tensor))
        shape = tuple(shape[i] for i in PERMUTE) if len(shape) == 4 else shape
        result.append(helper.make_tensor_value_info(f"t{tensor}", onnx.TensorProto.FLOAT, shape))
    return result


def _read(data: bytes) -> onnx.ModelProto:
    if data[4:8] != b"TFL3":
        raise TfliteError("it does not begin as a TFLite file")
    model = tflite.Model.GetRootAs(data, 0)
    if model.SubgraphsLength() != 1:
        raise TfliteError(f"it has {model.SubgraphsLength()} subgraphs, not 1")
    g = Graph(model.Subgraphs(0), model)
    if g.raw.OperatorsLength() > MAX_OPERATORS or g.raw.TensorsLength() > MAX_TENSORS:
        raise TfliteError(f"it claims {g.raw.OperatorsLength()} operators, {g.raw.TensorsLength()} tensors")
    for op in _operators(g):
        OPERATORS[op.name](g, op)
    inputs, outputs = _values(g, g.raw.InputsAsNumpy()), _values(g, g.raw.OutputsAsNumpy())
    weights = [numpy_helper.from_array(array, name) for name, array in g.weights.items()]
    graph = helper.make_graph(g.nodes, "model", inputs, outputs, weights)
    result = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="vitrine"
    )
    onnx.checker.check_model(result, full_check=True)
    return onnx.shape_inference.infer_shapes(result, strict_mode=True)


def read(data: bytes) -> onnx.ModelProto:
    """The model in `data` as ONNX, opset 17, float32.

    Inputs and outputs are in the file's order, named t<index>. Raises TfliteError for a file that is
    damaged, or holds an operator or option outside OPERATORS; the message names it.
    """
    try:
        return _read(data)
    except TfliteError as error:
        raise TfliteError(f"TFLite file not readable: {error}") from None
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError) as error:
        # What flatbuffers and NumPy raise on offsets that point nowhere.
        raise TfliteError(f"TFLite file damaged: {error}") from None
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise TfliteError(f"TFLite file inconsistent: {str(error).strip().splitlines()[0]}") from None


def names(data: bytes) -> dict[str, str]:
    """The file's own name for every tensor of the graph that `read` gives."""
    graph = tflite.Model.GetRootAs(data, 0).Subgraphs(0)
    return {f"t{i}": (graph.Tensors(i).Name() or b"").decode() for i in range(graph.TensorsLength())}
