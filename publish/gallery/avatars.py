"""The drawings of DiceBear's styles as PNG files, made once under Node.

Does not choose names or options: the gallery's card does. @resvg/resvg-wasm takes 13 ms a drawing where
@resvg/resvg-js takes 10 and sharp 9, but is one file for every system; those bring a native library for each.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.core.errors import UserError
from publish import ROOT
from publish.gallery import DRAWN, HERE
from publish.gallery.card import Set
from publish.node_packages import version

SIDE = 256  # pixels of what `crop` leaves: enough for the classifier's 224 and for a sheet
SCRIPT = HERE / "draw.mjs"

Say = Callable[[str, float], None]


def draw(sets: Sequence[Set], say: Say, cache: Path | None = None) -> dict[int, Path]:
    """By a set's place in `sets` the folder that holds its drawings 0.png, 1.png, ...

    `say` is told what is drawn and the share done. Raises UserError where Node or a style fails.
    """
    cache = cache or DRAWN
    folders = {n: cache / _key(each) for n, each in enumerate(sets) if each.drawn}
    todo = {n: folder for n, folder in folders.items() if not folder.is_dir()}
    drafts = {n: folder.with_name(f"{folder.name}.draft") for n, folder in todo.items()}
    for draft in drafts.values():
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
    try:
        if drafts:
            _run([_row(sets[n], str(draft)) for n, draft in drafts.items()], say)
        for n, draft in drafts.items():
            draft.replace(folders[n])
    finally:
        for draft in drafts.values():
            shutil.rmtree(draft, ignore_errors=True)
    return folders


def keys(sets: Sequence[Set]) -> list[str]:
    """What the drawings of the sets that are drawn depend on."""
    return [_key(each) for each in sets if each.drawn]


def _row(each: Set, folder: str) -> dict[str, Any]:
    return {
        "package": each.npm,
        "folder": folder,
        "side": round(SIDE / each.crop[2]),
        "seeds": [f"{each.title} {name}" for name in each.names.split()],
        "each": each.each,
        "options": dict(each.options),
    }


def _key(each: Set) -> str:
    packages = (each.npm, "@dicebear/core", "@resvg/resvg-wasm")
    text = json.dumps([_row(each, ""), *(version(name) for name in packages)], sort_keys=True)
    found = hashlib.sha256(SCRIPT.read_bytes() + text.encode()).hexdigest()[:16]
    return f"{each.npm.rpartition('/')[2]}-{found}"


def _run(rows: list[dict[str, Any]], say: Say) -> None:
    """Node draws all rows; a line for each drawing."""
    total = sum(len(row["seeds"]) for row in rows)
    command = ["node", "--no-warnings", str(SCRIPT)]
    pipe = subprocess.PIPE
    errors = Path(rows[0]["folder"]) / "errors.txt"
    try:
        with (
            errors.open("w", encoding="utf-8") as said,
            subprocess.Popen(
                command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=said, text=True, encoding="utf-8"
            ) as node,
        ):
            assert node.stdin and node.stdout
            node.stdin.write(json.dumps(rows))
            node.stdin.close()
            for n, line in enumerate(node.stdout, 1):
                if n % 50 == 0:
                    say(f"drawing {line.split()[0]}", n / total)
    except FileNotFoundError:
        raise UserError("Node is missing, which draws the characters. Install Node 20 or newer.") from None
    if node.returncode:
        lines = re.findall(r"^\w*Error.*", errors.read_text("utf-8"), re.MULTILINE)
        raise UserError(f"The characters could not be drawn: {(lines or ['Node ended early'])[0].strip()}.")
    errors.unlink()
