"""Inputs: the arrays that samples are read into, one for each input size and element type.

Do not draw: Compositors fill them, sixty times a second the same ones.
"""

from __future__ import annotations

from collections.abc import Callable

from js import Float32Array, Uint8Array

from app.core.card import Input
from app.core.ports import Tensor


class Given:
    """One input: `js_bytes` is filled, the Tensor is over the same bytes or over floats made of them."""

    def __init__(self, wrap: Callable[..., Tensor], into: Input, rgba: str) -> None:
        shape = 1, into.height, into.width, 4
        self.js_bytes = Uint8Array.new(into.height * into.width * 4)
        self.bytes: Tensor = wrap("uint8", self.js_bytes, shape)
        self._js_floats = Float32Array.new(self.js_bytes.length) if rgba == "float32" else None
        self._tensor = self.bytes if self._js_floats is None else wrap(rgba, self._js_floats, shape)

    def filled(self) -> Tensor:
        """The Tensor, once the bytes are in."""
        if self._js_floats is not None:
            self._js_floats.set(self.js_bytes)
        return self._tensor


class Inputs:
    """`wrap(type, js_array, shape)` makes the runtime's Tensor."""

    def __init__(self, wrap: Callable[..., Tensor]) -> None:
        self._wrap = wrap
        self._given: dict[tuple[Input, str, bool], Given] = {}

    def at(self, into: Input, rgba: str, roi: bool = False) -> Given:
        """The input of this size and type, always the same one; what is seen of a region has its own."""
        key = into, rgba, roi
        if key not in self._given:
            self._given[key] = Given(self._wrap, into, rgba)
        return self._given[key]
