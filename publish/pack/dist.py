"""Packs dist/: each step in order, none where nothing it reads has changed.

Does not know what the page does with the files: manifest.json tells the page.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.core.card import ModelCard
from app.core.errors import UserError
from models import build_models
from publish import CACHE, DIST, ROOT, STATE
from publish.gallery import registry
from publish.pack import compress, npm, snapshot, wheel
from publish.pack.manifest import manifest
from publish.pack.tree import Tree, write
from publish.scene import make

STAMP = STATE / "packed.json"
LOCKS = ("pyproject.toml", "package-lock.json", "requirements/page.txt")
SOURCES = ("app", "models", "publish", "static", "NOTICE", "LICENSE", *LOCKS)
# Step -> the percentage at which it begins, by the seconds each took in a first build on two cores.
STEPS = {"onnxruntime-web": 0, "Pyodide": 2, "Python": 3, "models": 15, "scene": 22}
STEPS |= {"galleries": 31, "page": 40, "brotli": 41}


def pack() -> None:
    """Bring dist/ up to date; prints each step's name and percentage. Raises UserError."""
    state = fingerprint()
    if fresh(state):
        return
    tree = Tree(DIST)
    say("onnxruntime-web")
    ort = npm.ort(tree)
    say("Pyodide")
    core = npm.pyodide(tree)
    say("Python", "wheel and memory snapshot")
    core |= python(tree)
    say("models")
    cards = models()
    say("scene")
    found = make.make(DIST, lambda text: say("scene", text))
    say("galleries")
    shown = registry.galleries(cards, DIST, lambda text, share: say("galleries", text, share))
    say("page")
    for file in files(ROOT / "static"):
        if file.name != "headers.json":
            tree.put(file.relative_to(ROOT / "static").as_posix(), file.read_bytes())
    tree.put("NOTICE.txt", (ROOT / "NOTICE").read_bytes() + b"\n\n" + (ROOT / "LICENSE").read_bytes())
    table = manifest(ort=ort, pyodide=core, models=cards, scene=found, galleries=shown)
    tree.keep([table, "models.json", "models.html"])
    tree.put("manifest.json", json.dumps(table, indent=1).encode())
    compress.compress(DIST, tree.paths, CACHE / "brotli", lambda path, share: say("brotli", path, share))
    tree.sweep()
    print(
        f"100%  dist/ is ready: {size(DIST):.0f} MB, {size(DIST, brotli=True):.0f} MB as brotli", flush=True
    )
    # A model that is missing now may be had next time, so its absence is not remembered.
    if not (any(card.missing for card in cards) or any(each.missing for each in shown)):
        sizes = {file.relative_to(DIST).as_posix(): file.stat().st_size for file in files(DIST)}
        write(STAMP, json.dumps({"state": state, "sizes": sizes}).encode())


def models() -> list[ModelCard]:
    """Make the models into dist/; gives their cards. Raises UserError."""
    lines = 4 * len(list((ROOT / "models" / "cards").glob("*.toml")))  # each card says about 4
    count = itertools.count(1)
    try:
        return build_models(DIST, lambda text: say("models", text, min(1, next(count) / lines)))
    except (
        UserError,
        ValueError,
    ) as error:  # each says in one sentence what is wrong with a card, a file or a figure
        raise UserError(f"The models could not be made: {error}") from error


def python(tree: Tree) -> dict[str, Any]:
    """Put wheels and memory snapshot; gives `snapshot` and `wheels` of the manifest's `pyodide` table."""
    mine = wheel.ours(STATE / "wheels")

    def put(file: Path) -> dict[str, Any]:
        data = file.read_bytes()
        return tree.put(f"python/{hashlib.sha256(data).hexdigest()[:8]}/{file.name}", data)

    memory = snapshot.make(mine)
    name = f"python/snapshot.{hashlib.sha256(memory).hexdigest()[:8]}.bin"
    return {"snapshot": tree.put(name, memory), "wheels": [put(file) for file in [*wheel.theirs(), mine]]}


def fingerprint() -> str:
    """What dist/ is made from, as one hash: the project's files, what stands in for URLs, added galleries."""
    total = hashlib.sha256(os.environ.get("VITRINE_MIRROR", "").encode())
    total.update(registry.fingerprint())
    for source in SOURCES:
        for file in files(ROOT / source):
            total.update(f"{file.relative_to(ROOT).as_posix()}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def fresh(state: str) -> bool:
    """Whether dist/ was made from `state` and is whole: every file there, with its size."""
    try:
        stamp = json.loads(STAMP.read_bytes())
        return bool(
            stamp["state"] == state
            and all((DIST / path).stat().st_size == length for path, length in stamp["sizes"].items())
        )
    except (OSError, ValueError, KeyError):
        return False


def files(root: Path) -> Iterable[Path]:
    """The files under a path, in order; without what Python leaves there and what is hidden."""
    found = [root] if root.is_file() else sorted(root.rglob("*"))
    return [f for f in found if f.is_file() and "__pycache__" not in f.parts and not f.name.startswith(".")]


def size(root: Path, brotli: bool = False) -> float:
    """Megabytes (10^6 bytes) of a folder's files, as they are or as a browser that takes brotli gets them."""
    total = 0
    for file in files(root):
        if file.suffix != ".br":
            copy = file.with_name(file.name + ".br")
            total += (copy if brotli and copy.is_file() else file).stat().st_size
    return total / 1e6


def say(step: str, text: str = "", share: float = 0.0) -> None:
    """One line of progress: `share` (0 to 1) of a step is done."""
    steps = [*STEPS.values(), 100]
    begin = STEPS[step]
    end = steps[list(STEPS).index(step) + 1]
    print(f"{begin + share * (end - begin):3.0f}%  {step}{': ' if text else ''}{text}", flush=True)
