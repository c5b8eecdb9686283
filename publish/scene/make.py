"""Makes the pictures that the page ships: the sample scene's background and person, and the backdrops.

Does not draw (background, person and backdrops do) and does not move the person: static/sources.js does.
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
from publish.files import write

if TYPE_CHECKING:
    from publish.scene.person import Network

CARD = cards.FOLDER / "selfie.toml"
# The bytes of the pictures depend on these, on CARD and on the project's modules that this one imports.
PACKAGES = ("numpy", "onnxruntime", "pillow", "scikit-image")

# How the person moves: `reach` is the amplitude of a sine in pixels, radians or parts of the size, `ms` its
# period. The periods share no small multiple, so the motion does not look like a loop. The turn lifts the
# lower corners by 260 px * sin(0.022) = 5.7 px, so with 28 px below the frame the cut stays out of sight.
SWAY = {
    "x": {"reach": 7.0, "ms": 5300},
    "turn": {"reach": 0.022, "ms": 7900},
    "zoom": {"reach": 0.012, "ms": 6700},
    "size": 1.0,
    "low": 28,
}

Progress = Callable[[str], None]


def make(out: Path, progress: Progress = print, cache: Path = CACHE / "scene") -> dict[str, Any]:
    """Write sample/ and backdrops/ under `out`; returns `sample` and `backdrops` of the manifest.

    Paths are relative to `out`. `progress` gets a line if the person was cut out without the model.
    """
    folder = cache / _key()
    if (folder / "scene.json").is_file():
        scene = json.loads((folder / "scene.json").read_text("utf-8"))
    else:
        shutil.rmtree(cache, ignore_errors=True)
        with_model = _draw(folder, progress)
        scene = json.loads((folder / "scene.json").read_text("utf-8"))
        if not with_model:  # the model may be available next time
            (folder / "scene.json").unlink()
    sample, backdrops = scene["sample"], scene["backdrops"]
    for path in (sample["room"], sample["person"], *(row["path"] for row in backdrops)):
        data = (folder / path).read_bytes()
        if not ((out / path).is_file() and (out / path).read_bytes() == data):
            write(out / path, data)
    return dict(scene)


def _key() -> str:
    """A hash of what the pictures are made from."""
    total = hashlib.sha256(" ".join(version(name) for name in PACKAGES).encode())
    total.update(CARD.read_bytes() + digest("publish.scene.make").encode())
    return total.hexdigest()[:16]


def _draw(folder: Path, progress: Progress) -> bool:
    """Write all pictures and scene.json to `folder`; returns False if the model was unavailable."""
    from publish.scene import backdrops, background, person

    def put(kind: str, name: str, suffix: str, data: bytes) -> str:
        path = f"{kind}/{name}.{hashlib.sha256(data).hexdigest()[:8]}.{suffix}"
        write(folder / path, data)
        return path

    network = _network(progress)
    sample = {
        "room": put("sample", "room", "jpg", background.draw()),
        "person": put("sample", "person", "webp", person.webp(person.cut(network))),
        "width": background.WIDTH,
        "height": background.HEIGHT,
        "sway": SWAY,
    }
    rows = []
    for name, (title, *_) in backdrops.BACKDROPS.items():
        data = backdrops.draw(name)
        path = put("backdrops", name, "jpg", data)
        rows.append({"id": name, "title": title, "path": path, "bytes": len(data)})
    write(folder / "scene.json", json.dumps({"sample": sample, "backdrops": rows}).encode())
    return network is not None


def _network(progress: Progress) -> Network | None:
    """The published Selfie model, imported and run by onnxruntime; None if it is unavailable."""
    import onnxruntime

    from models.importers.formats import import_model

    try:
        model = import_model("tflite", fetch.fetch(cards.read(CARD), progress).files)
    except UserError as error:
        progress(f"the person of the sample is cut out along an outline drawn by hand: {error}")
        return None
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda planes: session.run(None, {name: planes})[0]
