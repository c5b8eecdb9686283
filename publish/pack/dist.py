"""Packs dist/: runs each step in order, or none if nothing that they read has changed.

Does not know what the page does with the files: manifest.json tells the page.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from app.core.card import ModelCard
from app.core.errors import UserError
from models.build import build_models
from models.pixels import kernels
from publish import CACHE, DIST, ROOT, STATE
from publish.files import sha256, write
from publish.gallery import registry
from publish.pack import compress, npm, preload, snapshot, wheel
from publish.pack.manifest import manifest
from publish.pack.slim import start
from publish.pack.tree import Tree
from publish.scene import make

STAMP = STATE / "packed.json"
LOCKS = ("pyproject.toml", "package-lock.json", "requirements/page.txt")
SOURCES = ("app", "models", "publish", "static", "NOTICE", "LICENSE", *LOCKS)
# Step -> the percentage at which it begins, from the seconds that each took in a first build on two cores.
STEPS = {"onnxruntime-web": 0, "Pyodide": 2, "Python": 3, "models": 15, "scene": 22}
STEPS |= {"galleries": 31, "page": 40, "brotli": 41}
PIECE = 1 << 20  # bytes of the snapshot that the page digests at once, while the next arrive
LINES_PER_CARD = 4  # of progress, that making a model prints on average


def pack() -> None:
    """Bring dist/ up to date; prints the name and percentage of each step. Raises UserError."""
    state = fingerprint()
    if is_current(state):
        return
    tree = Tree(DIST)
    progress("onnxruntime-web")
    ort = npm.ort(tree)
    progress("Pyodide")
    pyodide = npm.pyodide(tree)
    progress("Python", "wheel and memory snapshot")
    pyodide |= put_python(tree)
    progress("models")
    cards = make_models()
    progress("scene")
    scene = make.make(DIST, lambda text: progress("scene", text))
    progress("galleries")
    galleries = registry.galleries(cards, DIST, lambda text, share: progress("galleries", text, share))
    progress("page")
    put_static(tree, scene)
    tree.put("pixels.wasm", kernels.module())
    tree.put("NOTICE.txt", (ROOT / "NOTICE").read_bytes() + b"\n\n" + (ROOT / "LICENSE").read_bytes())
    table = manifest(ort=ort, pyodide=pyodide, models=cards, scene=scene, galleries=galleries)
    tree.retain([table, "models.json", "models.html"])
    tree.put("manifest.json", json.dumps(table, indent=1).encode())
    compress.compress(DIST, tree.paths, CACHE / "brotli", lambda path, share: progress("brotli", path, share))
    tree.sweep()
    sizes = f"{megabytes(DIST):.0f} MB, {megabytes(DIST, brotli=True):.0f} MB as brotli"
    print(f"100%  dist/ is ready: {sizes}", flush=True)
    # A model that is unavailable now may be available next time, so a build without it is made again.
    if not (any(card.missing for card in cards) or any(gallery.missing for gallery in galleries)):
        lengths = {file.relative_to(DIST).as_posix(): file.stat().st_size for file in list_files(DIST)}
        write(STAMP, json.dumps({"state": state, "sizes": lengths}).encode())


def make_models() -> list[ModelCard]:
    """Make the models into dist/; returns their cards. Raises UserError."""
    lines = LINES_PER_CARD * len(list((ROOT / "models" / "cards").glob("*.toml")))
    count = itertools.count(1)
    try:
        return build_models(DIST, lambda text: progress("models", text, min(1, next(count) / lines)))
    except (UserError, ValueError) as error:
        raise UserError(f"The models could not be made: {error}") from error


def put_python(tree: Tree) -> dict[str, Any]:
    """Put wheels and the fast start; returns `start`, `snapshot` and `wheels` of the manifest's `pyodide`."""
    vitrine = wheel.build(STATE / "wheels")

    def put(file: Path) -> dict[str, Any]:
        data = file.read_bytes()
        return tree.put(f"python/{sha256(data)[:8]}/{file.name}", data)

    memory = snapshot.make(vitrine)
    row = tree.put(f"python/snapshot.{sha256(memory)[:8]}.bin", memory)
    digests = [hashlib.sha256(memory[at : at + PIECE]).digest() for at in range(0, len(memory), PIECE)]
    row |= {"piece": PIECE, "pieces": sha256(b"".join(digests))}
    return {
        "start": start.put(tree),
        "snapshot": row,
        "wheels": [put(file) for file in [*wheel.downloaded(), vitrine]],
    }


def put_static(tree: Tree, scene: Mapping[str, Any]) -> None:
    """Put the page's own files. `scene`: its sample is shown first."""
    root = ROOT / "static"
    for file in list_files(root):
        if file.name != "headers.json":
            tree.put(file.relative_to(root).as_posix(), file.read_bytes())
    scripts = preload.modules(lambda name: (root / name).read_text(encoding="utf-8"), "page.js")
    html = (root / "index.html").read_text(encoding="utf-8")
    images = [scene["sample"]["room"], scene["sample"]["person"]]
    tree.put("index.html", preload.page(html, scripts, images).encode())


def fingerprint() -> str:
    """A hash of what dist/ is made from: the project's files, VITRINE_MIRROR and the added galleries."""
    total = hashlib.sha256(os.environ.get("VITRINE_MIRROR", "").encode())
    total.update(registry.fingerprint())
    for source in SOURCES:
        for file in list_files(ROOT / source):
            total.update(f"{file.relative_to(ROOT).as_posix()}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def is_current(state: str) -> bool:
    """Whether dist/ was made from `state` (a fingerprint) and still has every file in its size."""
    try:
        stamp = json.loads(STAMP.read_bytes())
        return bool(
            stamp["state"] == state
            and all((DIST / path).stat().st_size == length for path, length in stamp["sizes"].items())
        )
    except (OSError, ValueError, KeyError):
        return False


def list_files(root: Path) -> Iterable[Path]:
    """`root` if it is a file, else the files below it in order, without hidden files and __pycache__."""
    paths = [root] if root.is_file() else sorted(root.rglob("*"))
    return [
        path
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    ]


def megabytes(root: Path, brotli: bool = False) -> float:
    """Size of a folder's files in MB (10^6 bytes): as they are, or as a browser receives them with brotli."""
    total = 0
    for file in list_files(root):
        if file.suffix != ".br":
            copy = file.with_name(file.name + ".br")
            total += (copy if brotli and copy.is_file() else file).stat().st_size
    return total / 1e6


def progress(step: str, text: str = "", share: float = 0.0) -> None:
    """Print one line of progress; `share` is how much of the step is done, 0 to 1."""
    percentages = [*STEPS.values(), 100]
    begin = STEPS[step]
    end = percentages[list(STEPS).index(step) + 1]
    print(f"{begin + share * (end - begin):3.0f}%  {step}{': ' if text else ''}{text}", flush=True)
