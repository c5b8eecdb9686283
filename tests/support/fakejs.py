"""The modules that only the browser has, so that app/page can be imported under CPython.

Draws and computes nothing: what the browser does is tested in the page. A name that app/page does not import,
or that the browser's interface does not have, is an AttributeError: a misspelt name fails in a unit test.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

from tests.support.browser_api import MEMBERS
from tests.support.built import ROOT

PYODIDE = frozenset({"to_py", "to_bytes"})  # what Pyodide adds to every object of JavaScript's


@cache
def imported() -> frozenset[str]:
    """The names that app/page takes from the module `js`, from the syntax trees."""
    names: set[str] = set()
    for path in (ROOT / "app" / "page").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
            if isinstance(node, ast.ImportFrom) and node.module == "js":
                names.update(alias.name for alias in node.names)
            elif (
                isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "js"
            ):
                names.add(node.attr)
    return frozenset(names)


class Thing:
    """An object of the browser, of one interface: it has the members of it, each quiet, and no others."""

    def __init__(self, interface: str, **values: Any) -> None:
        vars(self).update(_interface=interface, _calls=[], **values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._check(name)
        return lambda *given: self._calls.append((name, *given))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in vars(self):
            self._check(name)
        vars(self)[name] = value

    def _check(self, name: str) -> None:
        if name not in MEMBERS[self._interface] | PYODIDE:
            raise AttributeError(f"{self._interface} of the browser has no {name}")


class JsError(Exception):
    """The module `pyodide.ffi` has one of its own."""

    @property
    def name(self) -> str:
        """A DOMException's name."""
        return str(self)


async def _soon(value: Any) -> Any:
    """A promise."""
    return value


def blob(data: bytes) -> Thing:
    """A Blob; `data` says what is in it."""
    js_buffer = SimpleNamespace(to_bytes=lambda: data)
    read = {"arrayBuffer": lambda: _soon(js_buffer), "text": lambda: _soon(data.decode())}
    return Thing("Blob", **read, size=len(data), _data=data)


def typed(interface: str, given: Any = 0, *where: int) -> Thing:
    """A typed array of a length, or of what is given."""
    data = bytes(given if not isinstance(given, Thing) else given._data)
    return Thing(interface, length=len(data), byteOffset=0, buffer=data, _data=data, to_bytes=lambda: data)


class Bitmap(Thing):
    """A picture that counts how often it was closed."""

    def __init__(self, width: int = 64, height: int = 64) -> None:
        super().__init__("ImageBitmap", width=width, height=height, _closed=0)

    def close(self) -> None:
        """The picture is given back."""
        vars(self)["_closed"] += 1

    @property
    def closed(self) -> int:
        """How often."""
        return int(self._closed)


def _context_2d(canvas: Thing) -> Thing:
    def pixels(x: int, y: int, width: int, height: int) -> Thing:
        return Thing("ImageData", data=typed("Uint8ClampedArray", width * height * 4))

    return Thing("CanvasRenderingContext2D", canvas=canvas, getImageData=pixels)


UNIFORM = re.compile(r"^uniform (float|vec[234]|sampler2D) (\w+)", re.MULTILINE)


def _context_webgl2(canvas: Thing) -> Thing:
    """Its programs have the uniforms that are declared in their shaders."""
    members = sorted(MEMBERS["WebGL2RenderingContext"])
    constants = {name: n for n, name in enumerate(members) if name.isupper()}
    shaders: list[str] = []
    extensions = {
        "EXT_color_buffer_float": SimpleNamespace(),
        "WEBGL_debug_renderer_info": SimpleNamespace(UNMASKED_RENDERER_WEBGL=37446),
        "WEBGL_lose_context": SimpleNamespace(loseContext=lambda: None, restoreContext=lambda: None),
    }

    def uniforms() -> list[tuple[str, str]]:
        return [each for text in shaders[-2:] for each in UNIFORM.findall(text)]

    def program(js_program: Any, what: int) -> Any:
        return len(uniforms()) if what == constants["ACTIVE_UNIFORMS"] else True

    def active(js_program: Any, n: int) -> Thing:
        kind, name = uniforms()[n]
        kinds = {"float": "FLOAT", "sampler2D": "SAMPLER_2D"}
        type = constants[kinds.get(kind, f"FLOAT_{kind.upper()}")]
        return Thing("WebGLActiveInfo", name=name, size=1, type=type)

    answers: dict[str, Any] = {
        "getActiveUniform": active,
        "getExtension": extensions.get,
        "getParameter": lambda what: "Some GPU",
        "getProgramParameter": program,
        "getShaderParameter": lambda *given: True,
        "isContextLost": lambda: False,
        "shaderSource": lambda shader, text: shaders.append(text),
    }
    return Thing("WebGL2RenderingContext", canvas=canvas, **constants, **answers)


def canvas(width: int, height: int) -> Thing:
    """An OffscreenCanvas. Its picture as a file is named by the picture drawn last."""
    made = Thing("OffscreenCanvas", width=width, height=height)
    contexts: dict[str, Thing] = {}

    def context(kind: str, options: Any = None) -> Thing:
        makers = {"2d": _context_2d, "webgl2": _context_webgl2}
        if kind not in contexts:
            contexts[kind] = makers[kind](made)
        return contexts[kind]

    def file(options: Any = None) -> Any:
        drawn = [id(call[1]) for each in contexts.values() for call in each._calls if call[0] == "drawImage"]
        return _soon(blob(f"picture {drawn[-1:]}".encode()))

    vars(made).update(getContext=context, convertToBlob=file)
    return made


def matrix(*given: Any) -> Thing:
    """A DOMMatrix, always the same."""
    return Thing("DOMMatrix", inverse=matrix, multiply=matrix)


def _class(new: Any, **static: Any) -> Any:
    return SimpleNamespace(new=new, **static)


def _arrays(interface: str) -> Any:
    return _class(lambda *given: typed(interface, *given))


def _values() -> dict[str, Any]:
    """What `js` has, if app/page imports it."""
    return {
        "Blob": _class(lambda parts, options=None: blob(b"".join(map(_data, parts)))),
        "DOMMatrix": _class(matrix),
        "Float32Array": _arrays("Float32Array"),
        "Int32Array": _arrays("Int32Array"),
        "ImageData": _class(lambda data, width, height: Thing("ImageData", data=data)),
        "Object": _class(SimpleNamespace, fromEntries=_object, assign=_assign),
        "OffscreenCanvas": _class(canvas),
        "Path2D": _class(lambda path="": Thing("Path2D")),
        "URL": _class(lambda path, base: Thing("URL", href=f"{base}{path}")),
        "Uint8Array": _arrays("Uint8Array"),
        "Uint8ClampedArray": _arrays("Uint8ClampedArray"),
        "WebAssembly": SimpleNamespace(validate=lambda data: False),
        "createImageBitmap": lambda picture: _soon(Bitmap()),
        "crossOriginIsolated": False,
        "crypto": Thing("Crypto", subtle=Thing("SubtleCrypto", digest=_digest)),
        "location": Thing("WorkerLocation", href="https://example.org/"),
        "navigator": Thing("WorkerNavigator", hardwareConcurrency=4, gpu=None),
        "performance": Thing("Performance", now=lambda: 0.0),
    }


def _digest(kind: str, data: Any) -> Any:
    return _soon(hashlib.sha256(_data(data)).digest())


def _data(part: Any) -> bytes:
    return part.encode() if isinstance(part, str) else bytes(part._data)


def _object(pairs: Iterable[Any]) -> SimpleNamespace:
    """Object.fromEntries."""
    return SimpleNamespace(**dict(pairs))


def _assign(target: Any, *given: Any) -> Any:
    for each in given:
        for name, value in vars(each).items():
            setattr(target, name, value)
    return target


class Js(ModuleType):
    """The module `js`: what app/page imports of it, and of that only what the fakes know."""

    def __init__(self) -> None:
        super().__init__("js")
        vars(self).update({name: value for name, value in _values().items() if name in imported()})


def _to_js(value: Any, dict_converter: Any = None) -> Any:
    return dict_converter(value.items()) if dict_converter and isinstance(value, Mapping) else value


@contextmanager
def browser() -> Iterator[None]:
    """While `js` and `pyodide` can be imported; what has imported them is forgotten at the end."""
    before = set(sys.modules)
    ffi = ModuleType("pyodide.ffi")
    vars(ffi).update(to_js=_to_js, create_proxy=lambda value: value, JsException=JsError, jsnull=None)
    fakes = {"js": Js(), "pyodide": ModuleType("pyodide"), "pyodide.ffi": ffi}
    sys.modules.update(fakes)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name in fakes or name.startswith("app.page."):
                del sys.modules[name]
