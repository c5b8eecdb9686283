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
from models.fetch import Fetched
from models.lower import FLOAT_RGBA, NO_SELECT, lower

Say = Callable[[str], None]
# Until the candidates of a card are measured.
SHIPPED = (Wanted("fp16", ("wasm", "webgpu"), "fp16"), Wanted("webgl", ("webgl",), "fp32"))


def make(card: Card, fetched: Fetched, described: ModelCard, out: Path, say: Say) -> ModelCard:
    """`described` with its variants and report; the graphs are in out/models.

    Raises models.tflite.TfliteError or models.verify.Failure.
    """
    (data,) = fetched.files.values()
    say(f"{card.title}: importing {len(data):,} bytes")
    imported = tflite.read(data)
    say(f"{card.title}: comparing with the published model")
    parity = verify.parity(card, data, imported)
    variants, figures = [], {}
    for wanted in SHIPPED:
        say(f"{card.title}: making {wanted.id} for {', '.join(wanted.backends)}")
        variant, figures[wanted.id] = _variant(card, wanted, imported, out)
        variants.append(variant)
    report = {
        "parity": parity,
        "variants": figures,
        "source": fetched.title,
        "sha256": fetched.source.files[0].sha256,
        "bytes": fetched.bytes,
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
