"""The packages that the page is compared with, and where their files are. The only list of them.

Does not install packages: build.py does, from bench/package-lock.json. Does not run them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from publish import NODE_MODULES, ROOT

HERE = ROOT / "bench" / "node_modules"
MISSING = "is not installed; `python3 build.py bench` installs it where the registry answers"


@dataclass(frozen=True)
class Package:
    """A package and what is served of it: `files` are paths in it, files or folders, served as lib/ID/..."""

    id: str
    name: str
    files: tuple[str, ...]
    home: Path = HERE

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return self.home / self.name

    @property
    def missing(self) -> str:
        """Why it cannot be served, as the end of a sentence; "" if it can."""
        return "" if all((self.folder / path).exists() for path in self.files) else MISSING

    @property
    def version(self) -> str:
        """The installed version; "" if it is not installed."""
        file = self.folder / "package.json"
        return str(json.loads(file.read_text("utf-8"))["version"]) if file.is_file() else ""


def _tfjs(part: str, *others: str) -> Package:
    return Package(f"tfjs-{part}", f"@tensorflow/tfjs-{part}", (f"dist/tf-{part}.min.js", *others))


PACKAGES = {
    package.id: package
    for package in (
        Package("tasks-vision", "@mediapipe/tasks-vision", ("vision_bundle.mjs", "wasm")),
        Package("litert", "@litertjs/core", ("dist", "wasm")),
        Package("litert-utils", "@litertjs/wasm-utils", ("dist",)),
        _tfjs("core"),
        _tfjs("converter"),
        _tfjs("backend-cpu"),
        _tfjs(
            "backend-wasm",
            *(f"dist/tfjs-backend-wasm{kind}.wasm" for kind in ("", "-simd", "-threaded-simd")),
        ),
        _tfjs("backend-webgl"),
        # The page's own dependency, for the model in it: the legacy solution is in the same package.
        Package("legacy", "@mediapipe/selfie_segmentation", ("",), NODE_MODULES),
    )
}
