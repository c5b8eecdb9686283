"""Copies the parts of onnxruntime-web and Pyodide that the page loads from node_modules to dist/.

Does not install the packages: build.py does, from package-lock.json.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

from publish.node_packages import read, version
from publish.pack.tree import Tree

# Row of the manifest's `ort` table -> (module, stem of the .mjs and .wasm files that the module names).
# `webgl` needs neither; `webgpu` (asyncify) is for browsers without JSPI.
BUNDLES = {
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded"),
    "jspi": ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi"),
    "webgpu": ("ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify"),
    "webgl": ("ort.webgl.min.mjs", None),
}
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")


def ort(tree: Tree) -> dict[str, Any]:
    """Put the bundles of onnxruntime-web into `tree`; returns the manifest's `ort` table."""
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
            "bytes": files[-1]["bytes"],  # of the .wasm file, or of the module if there is no other file
            "version": number,
        }
    return table


def pyodide(tree: Tree) -> dict[str, Any]:
    """Put Pyodide's core into `tree`; returns `base` and `files` of the manifest's `pyodide` table."""
    base = f"pyodide/{version('pyodide')}/"
    files = []
    for name in PYODIDE:
        data = read("pyodide", name)
        row = tree.put(base + name, uncompressed(data) if name.endswith(".zip") else data)
        files.append({"path": row["path"], "bytes": row["bytes"]})
    return {"base": base, "files": files}


def uncompressed(archive: bytes) -> bytes:
    """The same zip file without zip's compression: brotli then needs 1.8 MB for the library, not 2.5 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename, info.date_time), old.read(info))
    return out.getvalue()
