"""make(): one published file becomes the verified variants its card asks for.

Does not fetch, cache or report; the steps are those of the other modules, in order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from app.card import Graph, ModelCard, Variant
from models import fuse, matte, quantize, tflite, verify
from models.cards import Card, Wanted
from models.lower import FLOAT_RGBA, NO_SELECT, lower

Say = Callable[[str], None]


def make(card: Card, data: bytes, source: str, described: ModelCard, out: Path, say: Say) -> ModelCard:
    """`described` with its variants and report; the graphs are in out/models.

    Raises models.tflite.TfliteError or models.verify.Failure.
    """
    say(f"{card.title}: importing {len(data):,} bytes")
    imported = tflite.read(data)
    say(f"{card.title}: comparing with the published model")
    parity = verify.parity(card, data, imported)
    variants, figures = [], {}
    for wanted in card.wanted:
        say(f"{card.title}: making {wanted.id} for {', '.join(wanted.backends)}")
        variant, figures[wanted.id] = _variant(card, wanted, imported, out)
        variants.append(variant)
    report = {
        "parity": parity,
        "variants": figures,
        "source": source,
        "sha256": card.sha256,
        "bytes": card.bytes,
        "credit": card.credit,
    }
    edge = matte.graph(card.input.height, card.input.width, card.mask).SerializeToString(deterministic=True)
    return replace(
        described,
        variants=tuple(variants),
        matte=_stored(f"{card.id}-matte", edge, out),
        report=report,
    )


def _variant(
    card: Card, wanted: Wanted, imported: onnx.ModelProto, out: Path
) -> tuple[Variant, dict[str, Any]]:
    rgba = "float32" if FLOAT_RGBA & set(wanted.backends) else "uint8"
    cut = fuse.parts if NO_SELECT & set(wanted.backends) else fuse.whole
    models = [lower(model, wanted.backends) for model in cut(card, imported, rgba)]
    operators = verify.operators(models, wanted.backends)
    stored = [
        quantize.STORED[wanted.weights](model).SerializeToString(deterministic=True) for model in models
    ]
    figures = {
        "fused": verify.same(card, imported, stored, rgba),
        "nodes": sum(len(model.graph.node) for model in models),
        "operators": operators,
    }
    names = [f"{card.id}-{wanted.id}{f'.{n}' if len(stored) > 1 else ''}" for n in range(1, len(stored) + 1)]
    graphs = tuple(_stored(name, data, out) for name, data in zip(names, stored, strict=True))
    return Variant(wanted.id, wanted.backends, graphs, rgba, tflite.OPSET), figures


def _stored(name: str, data: bytes, out: Path) -> Graph:
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"models/{name}.{sha256[:8]}.onnx"
    (out / path).write_bytes(data)
    return Graph(path, len(data), sha256)
