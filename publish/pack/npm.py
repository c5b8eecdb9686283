"""What the page takes from npm packages: onnxruntime-web's bundles and Pyodide's core.

Does not install packages: build.py does, by package-lock.json.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from app.core.errors import UserError
from publish import NODE_MODULES
from publish.pack.tree import Tree

# Row of the manifest's `ort` table -> (module, the .mjs and .wasm that its own text names). `webgl` is
# JavaScript alone; `webgpu` (asyncify) is for browsers without JSPI.
BUNDLES = {
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded"),
    "jspi": ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi"),
    "webgpu": ("ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify"),
    "webgl": ("ort.webgl.min.mjs", None),
}
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")


def version(package: str) -> str:
    """The installed version of an npm package."""
    found: str = json.loads(read(package, "package.json"))["version"]
    return found


def read(package: str, path: str) -> bytes:
    """A file of an installed npm package. Raises UserError where it is not there."""
    file = NODE_MODULES / package / path
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"{package} has no {path} in node_modules: delete node_modules and run the command again."
        ) from None


def ort(tree: Tree) -> dict[str, Any]:
    """Put onnxruntime-web's bundles; gives the manifest's `ort` table."""
    number = version("onnxruntime-web")

    def put(name: str) -> dict[str, Any]:
        return tree.put(f"ort/{number}/{name}", read("onnxruntime-web", f"dist/{name}"))

    table = {}
    for bundle, (module, stem) in BUNDLES.items():
        files = [put(module), *([put(f"{stem}.mjs"), put(f"{stem}.wasm")] if stem else [])]
        paths = [file["path"] for file in files]
        table[bundle] = {
            "module": paths[0],
            "mjs": paths[1] if stem else None,
            "wasm": paths[2] if stem else None,
            "bytes": files[-1]["bytes"],  # of the .wasm; of the module where it is all there is
            "version": number,
        }
    return table


def pyodide(tree: Tree) -> dict[str, Any]:
    """Put Pyodide's core; gives `base` and `files` of the manifest's `pyodide` table."""
    base = f"pyodide/{version('pyodide')}/"
    files = []
    for name in PYODIDE:
        data = read("pyodide", name)
        put = tree.put(base + name, stored(data) if name.endswith(".zip") else data)
        files.append({"path": put["path"], "bytes": put["bytes"]})
    return {"base": base, "files": files}


def stored(archive: bytes) -> bytes:
    """The same zip without its own compression: brotli then makes 1.8 MB of the standard library, not 2.5."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename, info.date_time), old.read(info))
    return out.getvalue()


def folder(package: str) -> Path:
    """Where an npm package is installed."""
    return NODE_MODULES / package
