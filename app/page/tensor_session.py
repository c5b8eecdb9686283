"""TensorSession: what the Sessions of the page share: Tensors of numbers, and numbers of small Tensors.

Does not run a model: a subclass does.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import prod

from js import Float32Array
from pyodide.ffi import to_js

from app.core.ports import Tensor as AnyTensor
from app.page.tensor import Tensor


class TensorSession:
    """See Session in app.core.ports."""

    def tensor(self, numbers: Sequence[float] | array[float], shape: Sequence[int]) -> AnyTensor:
        """See Session in app.core.ports."""
        return Tensor("float32", Float32Array.new(to_js(array("f", numbers))), shape)

    def blank(self, shape: Sequence[int]) -> AnyTensor:
        """See Session in app.core.ports."""
        return Tensor("float32", Float32Array.new(prod(shape)), shape)

    def numbers(self, tensor: AnyTensor) -> array[float]:
        """See Session in app.core.ports."""
        return array("f", tensor.data.to_bytes())
