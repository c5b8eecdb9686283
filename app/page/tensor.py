"""Tensor: a typed array of the browser with its shape, which every runtime of the page takes.

Does not copy and does not read numbers. An ort.Tensor has the same `type`, `data` and `dims`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyodide.ffi import to_js


class Tensor:
    """`type`: "uint8", "float32" or "int32"; `data`: the JavaScript array; `dims`: the shape."""

    __slots__ = ("_js_tensor", "data", "dims", "type")

    def __init__(self, type: str, js_data: Any, dims: Sequence[int]) -> None:
        self.type = type
        self.data = js_data
        self.dims = tuple(dims)
        self._js_tensor: Any = None

    def ort(self, js_ort: Any) -> Any:
        """The same as an ort.Tensor, made once."""
        if self._js_tensor is None:
            self._js_tensor = js_ort.Tensor.new(self.type, self.data, to_js(list(self.dims)))
        return self._js_tensor
