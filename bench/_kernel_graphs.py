"""The graphs that WebAssembly runs: models at all sizes, mattes, cutouts, tints, indexes; and their inputs.

Compiles and measures nothing. Models, cutouts and indexes are the ONNX files of dist/; mattes and tints are
made here as the build makes them. Equal graphs of several cards are listed once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from app.core import gallery
from app.core.backend import BACKENDS
from app.core.card import ModelCard, Size, Variant, from_dict
from models import artifacts
from models.graphs import matte, tint
from models.graphs.text import shapes
from models.spec import cards
from models.variants.lower import tidy
from models.verify import parity

Array = NDArray[Any]
PROCESSOR = tuple(backend.id for backend in BACKENDS.values() if not backend.gpu)
# How many times as fast as onnxruntime-web with one thread each graph has to be, by card and by role.
GOALS = {
    "selfie": 3.0,
    "selfie-landscape": 3.0,
    "blazeface": 2.4,
    "blazeface-full": 2.4,
    "bodypix": 1.9,
    "bodypix-075": 1.9,
    "bodypix-100": 1.9,
    "posenet": 1.9,
    "mobilenet-v2": 2.2,
    "mobilenet-v2-qat": 2.2,
    "facemesh": 2.2,
}
GOALS_BESIDE = {"matte": 10.0}


@dataclass(frozen=True)
class Subject:
    """A graph to measure. `role` is "" for a model, else what the graph is beside it, such as "matte"."""

    card: str
    role: str
    size: str  # the id of the size; "" where there is only one
    model: onnx.ModelProto = field(repr=False)
    dimensions: Mapping[str, int] = field(default_factory=dict)
    usual: bool = True  # whether this is the card's usual size

    @property
    def title(self) -> str:
        """Card, role and size."""
        return " ".join(filter(None, (self.card, self.role, self.size)))

    @property
    def is_model(self) -> bool:
        """Whether this is a card's model at its usual size."""
        return self.usual and not self.role

    @property
    def goal(self) -> float | None:
        """How many times as fast as onnxruntime-web it has to be; None where the project has no goal."""
        return (GOALS_BESIDE if self.role else GOALS).get(self.role or self.card)

    @property
    def feeds(self) -> dict[str, Array]:
        """Inputs: a photograph for rgba, the page's usual numbers for controls, else numbers from 0 to 1."""
        generator = np.random.default_rng(1)
        return {value.name: _feed(value, self.dimensions, generator) for value in self.model.graph.input}


def read(dist: Path) -> list[Subject]:
    """The subjects of a build, each graph once. Raises OSError where dist/ is not built."""
    manifest = json.loads((dist / "manifest.json").read_text("utf-8"))
    built = [from_dict(row) for row in manifest["models"] if not row["missing"]]
    found = [subject for card in built for subject in _of_card(card, dist)]
    for row in manifest["galleries"]:
        if not row["missing"]:
            found += _of_gallery(gallery.from_dict(row), dist)
    once: dict[Any, Subject] = {}
    for subject in found:
        once.setdefault(_key(subject), subject)
    return list(once.values())


def _key(subject: Subject) -> tuple[bytes, tuple[tuple[str, int], ...]]:
    return artifacts.serialize(subject.model), tuple(sorted(subject.dimensions.items()))


def _of_card(card: ModelCard, dist: Path) -> Iterator[Subject]:
    model = _stored(card.variants, dist)
    spec = next(each for each in cards.read_all() if each.id == card.id)
    sizes = card.sizes or (Size("", card.input, card.mask, cutouts=card.cutouts),)
    for size in sizes:
        usual = size.input == card.input
        dimensions = size.dimensions if card.sizes else {}
        if model:
            yield Subject(card.id, "", size.id, model, dimensions, usual)
        if not size.mask[0]:
            continue
        refining = tidy(matte.graph(size.input.height, size.input.width, size.mask))
        yield Subject(card.id, "matte", size.id, refining)
        if cutting := _stored(size.cutouts, dist):
            yield Subject(card.id, "cutout", size.id, cutting)
        resized = parity.resized(spec, size.input.height, size.input.width) if card.sizes else spec
        if model and (colouring := tint.graph(resized, model)):
            yield Subject(card.id, "tint", size.id, tidy(colouring), _of_tint(size, model))


def _of_tint(size: Size, model: onnx.ModelProto) -> dict[str, int]:
    """The free dimensions of a tint: those of the Mask and of the network's parts."""
    _, _, rows, columns = shapes(model, size.dimensions)["parts"]
    return {**size.dimensions, "rows": rows, "columns": columns}


def _of_gallery(found: gallery.Gallery, dist: Path) -> Iterator[Subject]:
    for card, variants in found.indexes.items():
        if model := _stored(variants, dist):
            yield Subject(card, f"index of {found.id}", "", model)


def _stored(variants: Iterable[Variant], dist: Path) -> onnx.ModelProto | None:
    """The ONNX graph of the first variant that runs on the processor; None where there is none."""
    for variant in variants:
        (path, *more) = (graph.path for graph in variant.graphs)
        if not more and path.endswith(".onnx") and set(variant.backends) & set(PROCESSOR):
            return onnx.load(dist / path)
    return None


CONTROLS = {"keep": 0.4, "softness": 0.2}


def _feed(value: onnx.ValueInfoProto, dimensions: Mapping[str, int], generator: np.random.Generator) -> Array:
    kind = value.type.tensor_type
    shape = tuple(dim.dim_value or dimensions[dim.dim_param] for dim in kind.shape.dim)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    if value.name == "rgba":
        return np.array(parity.pictures(shape[1], shape[2], "photo")[0], dtype)
    if value.name in CONTROLS:
        return np.full(shape, CONTROLS[value.name], dtype)
    return generator.random(shape, np.float32).astype(dtype)
