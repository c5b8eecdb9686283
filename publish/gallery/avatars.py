"""Draws the avatars of DiceBear's styles as PNG files under Node, once for equal options.

Does not choose names or options: the gallery's card does. @resvg/resvg-wasm takes 13 ms for an avatar,
@resvg/resvg-js 10 ms and sharp 9 ms; the first is one file for all systems, the others are native libraries.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.errors import UserError
from publish import ROOT, Progress
from publish.gallery import AVATAR_CACHE, HERE
from publish.gallery.card import PictureSet
from publish.node_packages import version

SIDE = 256  # pixels of the square that `crop` leaves: enough for the classifier's 224 and for a sheet
SCRIPT = HERE / "draw.mjs"
STEP = 50  # avatars between two lines of progress


def draw(sets: Sequence[PictureSet], progress: Progress, cache: Path | None = None) -> dict[int, Path]:
    """The folders with the avatars 0.png, 1.png, ..., by a set's index in `sets`; only of generated sets.

    Raises UserError if Node is missing or a style fails.
    """
    cache = cache or AVATAR_CACHE
    folders = {n: cache / _key(item) for n, item in enumerate(sets) if item.generated}
    lacking = {n: folder for n, folder in folders.items() if not folder.is_dir()}
    drafts = {n: folder.with_name(f"{folder.name}.draft") for n, folder in lacking.items()}
    for draft in drafts.values():
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
    try:
        if drafts:
            _run([_request(sets[n], str(draft)) for n, draft in drafts.items()], progress)
        for n, draft in drafts.items():
            draft.replace(folders[n])
    finally:
        for draft in drafts.values():
            shutil.rmtree(draft, ignore_errors=True)
    return folders


def keys(sets: Sequence[PictureSet]) -> list[str]:
    """A hash for each generated set of what its avatars depend on."""
    return [_key(item) for item in sets if item.generated]


def _request(item: PictureSet, folder: str) -> dict[str, Any]:
    """What draw.mjs reads for one set."""
    return {
        "package": item.npm,
        "folder": folder,
        "side": round(SIDE / item.crop[2]),
        "seeds": [f"{item.title} {name}" for name in item.names.split()],
        "each": item.each,
        "options": dict(item.options),
    }


def _key(item: PictureSet) -> str:
    packages = (item.npm, "@dicebear/core", "@resvg/resvg-wasm")
    text = json.dumps([_request(item, ""), *(version(name) for name in packages)], sort_keys=True)
    digest = hashlib.sha256(SCRIPT.read_bytes() + text.encode()).hexdigest()[:16]
    return f"{item.npm.rpartition('/')[2]}-{digest}"


def _run(requests: list[dict[str, Any]], progress: Progress) -> None:
    """Run draw.mjs, which prints a line for each avatar."""
    total = sum(len(request["seeds"]) for request in requests)
    command = ["node", "--no-warnings", str(SCRIPT)]
    pipe = subprocess.PIPE
    errors = Path(requests[0]["folder"]) / "errors.txt"
    try:
        with (
            errors.open("w", encoding="utf-8") as stderr,
            subprocess.Popen(
                command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=stderr, text=True, encoding="utf-8"
            ) as node,
        ):
            assert node.stdin and node.stdout
            node.stdin.write(json.dumps(requests))
            node.stdin.close()
            for n, line in enumerate(node.stdout, 1):
                if n % STEP == 0:
                    progress(f"drawing {line.split()[0]}", n / total)
    except FileNotFoundError:
        raise UserError("Node, which draws the characters, is missing. Install Node 20 or newer.") from None
    if node.returncode:
        lines = re.findall(r"^\w*Error.*", errors.read_text("utf-8"), re.MULTILINE)
        raise UserError(f"The characters could not be drawn: {(lines or ['Node ended early'])[0].strip()}.")
    errors.unlink()
