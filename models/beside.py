"""The graphs beside a model: its matte, its cutouts and its tint, at each of its sizes.

Does not make the model itself: models/make.py does.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx

from app.core.card import Graph, ModelCard, Size, Variant
from models import artifacts
from models.artifacts import OPSET
from models.graphs import cutout, matte, tint
from models.spec.card import Card
from models.variants import compiled
from models.variants.lower import rgba_type, tidy
from models.verify import parity

# The backends of the compiled cutouts, by the end of their names: a cutout gives what the classifier takes.
CUTOUTS = {"": ("wasm", "webgpu"), "-float": ("webgl",)}


def with_graphs(model: ModelCard, card: Card, network: onnx.ModelProto, out: Path) -> ModelCard:
    """The model with the graphs beside it, at every size; their files are then in out/models."""
    sizes = []
    for size in model.sizes:
        sized = parity.resized(card, size.input.height, size.input.width)
        sizes.append(_size(size, f"{card.id}-{size.id}", sized, network, out))
    model = replace(model, sizes=tuple(sizes))
    own = model.size or _size(_only(model), card.id, card, network, out)
    return replace(model, matte=own.matte, cutouts=own.cutouts, tint=own.tint)


def _only(model: ModelCard) -> Size:
    """The one size of a model with a fixed input."""
    return Size("", model.input, model.mask)


def _size(size: Size, name: str, card: Card, network: onnx.ModelProto, out: Path) -> Size:
    if not size.mask[0]:
        return size
    size = replace(size, matte=_matte(name, size, out))
    if card.kind != "segmenter":
        return size
    return replace(
        size, cutouts=_cutouts(name, card, network, out), tint=_tint(name, size, card, network, out)
    )


def _matte(name: str, size: Size, out: Path) -> Graph:
    model = matte.graph(size.input.height, size.input.width, size.mask)
    return compiled.graph(f"{name}-matte", "matte-weights", tidy(model), out)


def _tint(name: str, size: Size, card: Card, network: onnx.ModelProto, out: Path) -> Graph | None:
    model = tint.graph(card, network)
    if model is None:
        return None
    rows, columns = tint.grid(card, network)
    height, width = size.mask
    dimensions = {"rows": rows, "columns": columns, "height": height, "width": width}
    dimensions |= {"high": (height + 1) // 2, "wide": (width + 1) // 2}
    return compiled.graph(f"{name}-tint", "tint-weights", tidy(model), out, dimensions)


def _cutouts(name: str, card: Card, network: onnx.ModelProto, out: Path) -> tuple[Variant, ...]:
    """The compiled Variants, for classifiers that take bytes or float32, and the one for onnxruntime."""
    maps = cutout.segmenter_maps(card, network)
    variants: list[Variant] = []
    for suffix, backends in CUTOUTS.items():
        rgba = rgba_type(backends)
        model = tidy(cutout.graph(maps, card.input, rgba))
        variants += compiled.beside(model, f"{name}-cutout{suffix}", backends, out, rgba=rgba)
    model = tidy(cutout.graph(maps, card.input, "uint8"))
    graph = artifacts.write(f"{name}-cutout", artifacts.serialize(model), out)
    return (*variants, Variant("cutout", ("wasm-ort",), (graph,), opset=OPSET))
