"""InputBuffers: the memory for samples, one buffer for each input, element type and kind (frame or region).

Does not draw and does not read pixels: the Compositors do.
"""

from __future__ import annotations

from collections.abc import Callable

from js import Float32Array, Uint8Array

from app.core.card import Input
from app.core.frame import Frame
from app.core.geometry import Letterbox
from app.core.ports import Mask, Sample, Tensor


class InputBuffer:
    """The bytes of one input, and a Tensor over the bytes or, for float32, over a converted copy.

    A Compositor fills `js_bytes`, then calls `sample`. `name` is unique among the buffers.
    """

    def __init__(self, wrap: Callable[..., Tensor], into: Input, rgba: str, name: str) -> None:
        shape = 1, into.height, into.width, 4
        self.name = name
        self.js_bytes = Uint8Array.new(into.height * into.width * 4)
        self.bytes: Tensor = wrap("uint8", self.js_bytes, shape)
        self._js_floats = Float32Array.new(self.js_bytes.length) if rgba == "float32" else None
        self.tensor = self.bytes if self._js_floats is None else wrap(rgba, self._js_floats, shape)
        self._input = into
        self._frame: Frame | None = None  # the frame in the bytes

    def sample(self, frame: Frame, letterbox: Letterbox | None) -> Sample:
        """The Sample of the frame that the bytes contain. Samples of earlier frames become invalid."""
        self._frame = frame
        if self._js_floats is not None:
            self._js_floats.set(self.js_bytes)
        return Sample(self.tensor, self._input, letterbox, frame, self)

    def shows(self, sample: Sample) -> bool:
        """Whether the bytes still contain the Sample's frame."""
        return sample.frame is self._frame


class InputBuffers:
    """The buffers of one Compositor. `wrap(type, js_array, shape)` makes the runtime's Tensor."""

    def __init__(self, wrap: Callable[..., Tensor]) -> None:
        self._wrap = wrap
        self._buffers: dict[tuple[Input, str, bool], InputBuffer] = {}

    def at(self, into: Input, rgba: str, region: bool = False) -> InputBuffer:
        """The buffer for an input and element type, for whole frames or for regions; created once."""
        key = into, rgba, region
        if key not in self._buffers:
            name = f"{'region' if region else 'frame'} {into.fit} {into.width}x{into.height} {rgba}"
            self._buffers[key] = InputBuffer(self._wrap, into, rgba, name)
        return self._buffers[key]


def sampled(mask: Mask) -> InputBuffer:
    """The buffer of the Mask's Sample. Raises RuntimeError when it contains another frame."""
    buffer: InputBuffer = mask.sample.pixels
    if not buffer.shows(mask.sample):
        raise RuntimeError("the Mask is too old: its input was sampled again. Compose it before that.")
    return buffer
