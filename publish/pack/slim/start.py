"""The files of the page's fast start: Pyodide's module split in two, its shorter script, the snapshot.

Does not choose the snapshot's modules: publish/pack/snapshot.py does.
"""

from __future__ import annotations

import re
from typing import Any

from app.core.errors import UserError
from publish.files import sha256
from publish.node_packages import read, version
from publish.pack.slim import hot
from publish.pack.slim.binary import GLOBALS, Module, Reader
from publish.pack.slim.script import shorten
from publish.pack.slim.split import instrumented, split
from publish.pack.tree import Tree


def counting() -> tuple[bytes, int]:
    """Pyodide's module for the fast start, which notes the functions called; and how many it has.

    For `python3 build.py bench hot`.
    """
    module = read("pyodide", "pyodide.asm.wasm")
    count = len(Module(module).bodies)
    _, names = shorten(read("pyodide", "pyodide.asm.mjs").decode())
    return instrumented(split(module, range(count - 1), names)[0], count), count


def put(tree: Tree) -> dict[str, Any]:
    """Put script and modules into `tree`; returns the manifest's `start` table. Raises UserError."""
    module = read("pyodide", "pyodide.asm.wasm")
    loader = read("pyodide", "pyodide.mjs").decode()
    try:
        script, names = shorten(read("pyodide", "pyodide.asm.mjs").decode())
        core, rest = split(module, hot.read(module, len(Module(module).bodies)), names)
        build = only(r'BUILD_ID:"(\w+)"', loader)
        sentinel = only(r'="(AGFzbQ[\w+/=]+)"|\("(AGFzbQ[\w+/=]+)"\)', loader)
    except ValueError as error:
        raise UserError(
            f"Pyodide {version('pyodide')} cannot be made smaller: {error}. Install the version that "
            "package-lock.json names, or adapt publish/pack/slim."
        ) from error

    def path(stem: str, suffix: str, data: bytes) -> str:
        row: str = tree.put(f"python/{stem}.{sha256(data)[:8]}.{suffix}", data)["path"]
        return row

    return {
        "build": build,
        "sentinel": sentinel,
        "script": path("pyodide", "mjs", script.encode()),
        "core": path("core", "wasm", core),
        "rest": path("rest", "wasm", rest),
    }


def only(pattern: str, text: str) -> str:
    """The group of the only match of a pattern. Raises ValueError where there is not one."""
    found: set[str] = {next(filter(None, match.groups())) for match in re.finditer(pattern, text)}
    if len(found) != 1:
        raise ValueError(f"pyodide.mjs has {len(found)} matches of {pattern}, not one")
    return found.pop()


def layout(module: bytes) -> tuple[int, int]:
    """Bytes of Pyodide's static data in memory, and where its heap begins. Raises ValueError."""
    parsed = Module(module)
    before = len(parsed.imported(GLOBALS))
    places = {
        each.name: parsed.globals[each.index - before] for each in parsed.exports if each.kind == GLOBALS
    }
    try:
        low, base = (Reader(places[name].value, 1).number() for name in (b"__stack_low", b"__heap_base"))
    except KeyError as error:
        raise ValueError(f"the module does not export {error}") from None
    return low, base
