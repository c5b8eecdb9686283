"""The folder of the peers' pages: bench/page with the packages and models that it loads, and its server.

Measures nothing. The site has the headers of the page's hosting, but for two: packages may be kept for good,
as the page's own are, and peers may evaluate code, which some of them need. Its large files have brotli
copies, as dist/ has.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from bench._browser import serve
from bench._metadata import with_normalization
from bench._peer_packages import PACKAGES
from publish import CACHE, DIST, NODE_MODULES, ROOT, STATE
from publish.pack.compress import compress
from publish.pack.serve import Handler

PAGE = ROOT / "bench" / "page"
MODEL = NODE_MODULES / "@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite"
RULES: list[dict[str, Any]] = [
    {
        "match": "*",
        "headers": {
            "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
        },
    },
    {"match": "lib/*", "headers": {"Cache-Control": "public, max-age=31536000, immutable"}},
]


class CountingHandler(Handler):
    """Adds up the bytes of the bodies that it sends, of all sites of this process."""

    sent = 0

    def copy(self, content: BinaryIO, left: int) -> None:
        """See Handler."""
        CountingHandler.sent += left
        super().copy(content, left)


@contextmanager
def serve_peers(extra: dict[str, bytes] | None = None) -> Iterator[str]:
    """Serve the peers' site on a free port; yields its address. `extra` maps paths to contents.

    Packages that are not installed are left out.
    """
    with TemporaryDirectory(dir=STATE) as name:
        folder = Path(name) / "site"
        fill(folder, extra or {})
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        compress(folder, files, CACHE / "brotli", lambda path, share: None)
        with serve(folder, CountingHandler, RULES) as url:
            yield url


def fill(folder: Path, extra: dict[str, bytes]) -> None:
    """Write the files of the site."""
    shutil.copytree(PAGE, folder)
    for package in PACKAGES.values():
        for path in () if package.missing else package.files:
            source, target = package.folder / path, folder / "lib" / package.id / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, copy_function=os.link)
            else:
                os.link(source, target)
    scene = json.loads((DIST / "manifest.json").read_bytes())["sample"]
    for path in (scene["room"], scene["person"]):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DIST / path, folder / path)
    model = with_normalization(MODEL.read_bytes(), mean=0.0, std=255.0)
    for path, content in {"scene.json": json.dumps(scene).encode(), "model.tflite": model, **extra}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
