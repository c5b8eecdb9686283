"""manifest.json: what this build contains and where, as the page reads it.

Does not write files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app import __version__
from app.core import gallery
from app.core.card import ModelCard, to_dict
from publish.pack.ahead import ahead


def manifest(
    *,
    ort: Mapping[str, Any],
    pyodide: Mapping[str, Any],
    models: Sequence[ModelCard],
    scene: Mapping[str, Any],
    galleries: Sequence[gallery.Gallery] = (),
) -> dict[str, Any]:
    """The manifest as plain JSON types. Every path in it is relative to dist/.

    `ort`: a row for each of wasm, jspi, webgpu, webgl: module, mjs, wasm (paths or None), bytes, version.
    `pyodide`: base, files (path, bytes), start (build, sentinel; paths: script, core and rest of the
    fast start), snapshot and wheels (path, bytes, sha256; micropip before vitrine). The snapshot has besides
    `pieces`, the digest of the digests of its pieces of `piece` bytes.
    `ahead`: the model files that a start fetches beside Python, by task, model and backend.
    `models`: the cards in the order of the panel. `scene`: `backdrops` and `sample`.
    `galleries`: what the look-alike task compares with; the first is the default.
    """
    return {
        "version": __version__,
        "pyodide": dict(pyodide),
        "ort": dict(ort),
        "ahead": ahead(models, galleries),
        "models": [to_dict(card) for card in models],
        "backdrops": list(scene["backdrops"]),
        "sample": scene["sample"],
        "galleries": [gallery.to_dict(row) for row in galleries],
    }
