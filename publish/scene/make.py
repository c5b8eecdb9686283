"""The pictures the page ships, all made here: the sample scene's room and person, and the backdrops.

Does not paint (room, person, backdrops do) and does not move anything: static/sources.js does, by SWAY.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import UserError
from models.dependencies import digest
from models.sources import fetch
from models.spec import cards
from publish import CACHE
from publish.pack.tree import write

if TYPE_CHECKING:
    from publish.scene.person import Network

CARD = cards.FOLDER / "selfie.toml"
# What the pictures' bytes depend on. numpy and the painters themselves are imported only to paint.
PACKAGES = ("numpy", "onnxruntime", "pillow", "scikit-image")
# models/ is not among it: whatever it does, models.verify.parity keeps it to the published model's numbers.

# How the person moves: `reach` of a sine in pixels, radians and parts of the size, `ms` its period.
# The periods share no small multiple, so that it does not look like a loop. The turn lifts the
# lower corners by 260 px * sin(0.022) = 5.7 px, so 28 px below the frame keep the cut out of sight.
SWAY = {
    "x": {"reach": 7.0, "ms": 5300},
    "turn": {"reach": 0.022, "ms": 7900},
    "zoom": {"reach": 0.012, "ms": 6700},
    "size": 1.0,
    "low": 28,
}

Say = Callable[[str], None]


def make(out: Path, say: Say = print, cache: Path = CACHE / "scene") -> dict[str, Any]:
    """Write sample/ and backdrops/ under `out`; gives `sample` and `backdrops` of the manifest.

    Paths are relative to `out`. `say` is told in one line when the person had to be cut out by hand.
    """
    kept = cache / _key()
    if not (kept / "scene.json").is_file():
        shutil.rmtree(cache, ignore_errors=True)
        whole = _paint(kept, say)
        found = json.loads((kept / "scene.json").read_text("utf-8"))
        if not whole:  # the model may be had next time
            (kept / "scene.json").unlink()
    else:
        found = json.loads((kept / "scene.json").read_text("utf-8"))
    for path in (
        found["sample"]["room"],
        found["sample"]["person"],
        *(b["path"] for b in found["backdrops"]),
    ):
        data = (kept / path).read_bytes()
        if not ((out / path).is_file() and (out / path).read_bytes() == data):
            write(out / path, data)
    return dict(found)


def _key() -> str:
    """What the pictures are made from, as one hash."""
    total = hashlib.sha256(" ".join(version(name) for name in PACKAGES).encode())
    total.update(CARD.read_bytes() + digest("publish.scene.make").encode())
    return total.hexdigest()[:16]


def _paint(kept: Path, say: Say) -> bool:
    """All pictures and scene.json into `kept`; False where the model was missing."""
    from publish.scene import backdrops, background, person

    def put(folder: str, name: str, suffix: str, data: bytes) -> str:
        path = f"{folder}/{name}.{hashlib.sha256(data).hexdigest()[:8]}.{suffix}"
        write(kept / path, data)
        return path

    network = _network(say)
    sample = {
        "room": put("sample", "room", "jpg", background.paint()),
        "person": put("sample", "person", "webp", person.webp(person.cut(network))),
        "width": background.WIDTH,
        "height": background.HEIGHT,
        "sway": SWAY,
    }
    rows = []
    for name, (title, *_) in backdrops.BACKDROPS.items():
        data = backdrops.paint(name)
        path = put("backdrops", name, "jpg", data)
        rows.append({"id": name, "title": title, "path": path, "bytes": len(data)})
    write(kept / "scene.json", json.dumps({"sample": sample, "backdrops": rows}).encode())
    return network is not None


def _network(say: Say) -> Network | None:
    """The published Selfie model as this project converts it, under onnxruntime; None where it is missing."""
    import onnxruntime

    from models.importers import read

    try:
        model = read.read("tflite", fetch.fetch(cards.read(CARD), say).files)
    except (UserError, ValueError, fetch.Missing) as error:
        say(f"the sample's person is cut out by hand: {error}")
        return None
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda planes: session.run(None, {name: planes})[0]
