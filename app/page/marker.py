"""Marker: draws Annotations over the picture in WebGL2, each with one draw call.

Does not know what the annotations mean.
"""

from __future__ import annotations

from typing import Any

from js import Float32Array
from pyodide.ffi import jsnull, to_js

from app.core.annotations import RINGS, Annotations
from app.core.settings import rgb
from app.page.gl import Pass

WIDEST = RINGS[0][0]
FLOAT = 4  # bytes


class Marker:
    """The pass for dots and lines, with its vertex buffer."""

    def __init__(self, gl: Any) -> None:
        self.gl = gl
        self._pass = Pass(gl, "mark", "mark.vert")
        self._points = gl.createVertexArray()
        self._buffer = gl.createBuffer()
        gl.bindVertexArray(self._points)
        for place in (0, 1):  # a and b of mark.vert
            gl.enableVertexAttribArray(place)
            gl.vertexAttribDivisor(place, 1)
        gl.bindVertexArray(jsnull)

    def draw(self, annotations: Annotations, size: tuple[int, int], turn: tuple[float, float]) -> None:
        """Draw on the canvas of `size` pixels. All numbers go to JavaScript in one array."""
        gl, radius = self.gl, annotations.radius_pixels(size[1])
        numbers = {
            "across": annotations.to_frame[:3],
            "down": annotations.to_frame[3:],
            "size": (float(size[0]), float(size[1])),
            "turn": turn,
            "reach": (radius * WIDEST + 1,),
            "radius": (radius,),
            "rgb": rgb(annotations.colour),
        }
        try:
            gl.bindVertexArray(self._points)
            gl.bindBuffer(gl.ARRAY_BUFFER, self._buffer)
            gl.bufferData(gl.ARRAY_BUFFER, Float32Array.new(to_js(annotations.numbers)), gl.STREAM_DRAW)
            for place, first in ((0, 0), (1, annotations.end)):
                gl.vertexAttribPointer(place, 2, gl.FLOAT, False, annotations.step * FLOAT, first * FLOAT)
            self._pass.draw(None, size, {}, numbers, count=len(annotations))
        finally:  # after an error too: no other pass uses this vertex array
            gl.bindVertexArray(jsnull)

    def close(self) -> None:
        """Free the program and the buffer."""
        self._pass.close()
        self.gl.deleteBuffer(self._buffer)
        self.gl.deleteVertexArray(self._points)
