"""The parts of WebGL2 that the Compositor uses: Texture, Pass (one shader, one draw) and the shader sources.

Does not know what a pass draws.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from app.backgrounds import SHADERS

HEAD = """#version 300 es
precision highp float;
precision highp sampler2D;
in vec2 uv;
in vec2 screen;
out vec4 result;
"""


def _read(folder: Traversable, under: str = "") -> dict[str, str]:
    sources: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            sources |= _read(entry, f"{under}{entry.name}/")
        else:
            sources[under + entry.name] = entry.read_text(encoding="utf-8")
    return sources


# Read at import, because a start from the memory snapshot has no files.
SOURCES = _read(files("app.page").joinpath("shaders"))
SOURCES |= {f"background/{id}.frag": text for id, text in SHADERS.items()}


def source(name: str) -> str:
    """The source of the fragment shader `name`, with its `#include` lines replaced. Raises KeyError."""
    body = re.sub(r"^#include (\S+)$", lambda m: SOURCES[m[1]], SOURCES[f"{name}.frag"], flags=re.MULTILINE)
    return HEAD + body


class ShaderError(RuntimeError):
    """A shader does not compile or link; the text quotes the driver."""


class Texture:
    """A 2D texture and, with `drawn`, a framebuffer that draws into it."""

    # format name -> internal format, format, type
    FORMATS: Mapping[str, tuple[str, str, str]] = {
        "rgba8": ("RGBA8", "RGBA", "UNSIGNED_BYTE"),
        "rgba16f": ("RGBA16F", "RGBA", "HALF_FLOAT"),
        "r16f": (
            "R16F",
            "RED",
            "FLOAT",
        ),  # takes 32-bit numbers and, unlike R32F, is read smoothly everywhere
    }

    def __init__(
        self, gl: Any, width: int, height: int, form: str, *, smooth: bool = True, drawn: bool = False
    ) -> None:
        self.gl = gl
        self.width = width
        self.height = height
        internal, self._format, self._type = (getattr(gl, name) for name in self.FORMATS[form])
        self.js = gl.createTexture()
        gl.bindTexture(gl.TEXTURE_2D, self.js)
        filtering = gl.LINEAR if smooth else gl.NEAREST
        for name, value in (
            (gl.TEXTURE_MIN_FILTER, filtering),
            (gl.TEXTURE_MAG_FILTER, filtering),
            (gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE),
            (gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE),
        ):
            gl.texParameteri(gl.TEXTURE_2D, name, value)
        levels = max(width, height).bit_length() if form == "rgba8" and not drawn else 1
        gl.texStorage2D(gl.TEXTURE_2D, levels, internal, width, height)
        self.target: Any = None
        if drawn:
            self.target = gl.createFramebuffer()
            gl.bindFramebuffer(gl.FRAMEBUFFER, self.target)
            gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, self.js, 0)

    def put(self, js_picture: Any) -> None:
        """Copy a picture of this texture's size: a VideoFrame, an ImageBitmap or a canvas."""
        self.gl.bindTexture(self.gl.TEXTURE_2D, self.js)
        self.gl.texSubImage2D(self.gl.TEXTURE_2D, 0, 0, 0, self._format, self._type, js_picture)

    def put_array(self, js_array: Any) -> None:
        """Copy a typed array of width x height pixels."""
        gl = self.gl
        gl.bindTexture(gl.TEXTURE_2D, self.js)
        gl.texSubImage2D(
            gl.TEXTURE_2D, 0, 0, 0, self.width, self.height, self._format, self._type, js_array
        )  # fmt: skip

    def shrink(self) -> None:
        """Compute the mipmap levels, which shaders read for a blurred or reduced picture."""
        gl = self.gl
        gl.bindTexture(gl.TEXTURE_2D, self.js)
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR)
        gl.generateMipmap(gl.TEXTURE_2D)

    def close(self) -> None:
        """Free the texture."""
        self.gl.deleteTexture(self.js)
        if self.target is not None:
            self.gl.deleteFramebuffer(self.target)


class Pass:
    """One compiled shader program. `samplers` are the names of the textures that it reads."""

    SETTERS: Mapping[str, str] = {
        "FLOAT": "uniform1f",
        "FLOAT_VEC2": "uniform2f",
        "FLOAT_VEC3": "uniform3f",
        "FLOAT_VEC4": "uniform4f",
    }

    def __init__(self, gl: Any, name: str, vertex: str = "screen.vert") -> None:
        self.gl = gl
        self.name = name
        self._program = self._link(SOURCES[vertex], source(name))
        gl.useProgram(self._program)
        setters = {getattr(gl, kind): getattr(gl, setter) for kind, setter in self.SETTERS.items()}
        self.samplers: list[str] = []
        self._set: dict[str, tuple[Any, Any]] = {}
        self._last: dict[str, tuple[float, ...]] = {}
        for i in range(gl.getProgramParameter(self._program, gl.ACTIVE_UNIFORMS)):
            uniform = gl.getActiveUniform(self._program, i)
            where = gl.getUniformLocation(self._program, uniform.name)
            if uniform.type == gl.SAMPLER_2D:
                gl.uniform1i(where, len(self.samplers))
                self.samplers.append(uniform.name)
            else:
                self._set[uniform.name] = (setters[uniform.type], where)

    def draw(
        self,
        target: Texture | None,
        size: tuple[int, int],
        textures: Mapping[str, Texture],
        numbers: Mapping[str, tuple[float, ...]],
        count: int = 0,
    ) -> None:
        """Draw into a texture, or on the canvas when `target` is None. Raises KeyError for a missing input.

        `numbers`: the uniforms by name. With a `count`, draws that many quads from the bound vertex array.
        """
        gl = self.gl
        gl.bindFramebuffer(gl.FRAMEBUFFER, target.target if target else None)
        gl.viewport(0, 0, *size)
        gl.useProgram(self._program)
        for unit, name in enumerate(self.samplers):
            gl.activeTexture(gl.TEXTURE0 + unit)
            gl.bindTexture(gl.TEXTURE_2D, textures[name].js)
        for name, (setter, where) in self._set.items():
            value = numbers[name]
            if self._last.get(name) != value:  # a uniform keeps its value in its program
                setter(where, *value)
                self._last[name] = value
        if count:
            gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count)
        else:
            gl.drawArrays(gl.TRIANGLES, 0, 3)

    def close(self) -> None:
        """Free the program."""
        self.gl.deleteProgram(self._program)

    def _link(self, vertex: str, fragment: str) -> Any:
        gl = self.gl
        program = gl.createProgram()
        for kind, text in ((gl.VERTEX_SHADER, vertex), (gl.FRAGMENT_SHADER, fragment)):
            shader = gl.createShader(kind)
            gl.shaderSource(shader, text)
            gl.compileShader(shader)
            gl.attachShader(program, shader)
            if not gl.getShaderParameter(shader, gl.COMPILE_STATUS) and not gl.isContextLost():
                raise ShaderError(f"the shader {self.name} does not compile: {gl.getShaderInfoLog(shader)}")
            gl.deleteShader(shader)
        gl.linkProgram(program)
        if not gl.getProgramParameter(program, gl.LINK_STATUS) and not gl.isContextLost():
            raise ShaderError(f"the shader {self.name} does not link: {gl.getProgramInfoLog(program)}")
        return program
