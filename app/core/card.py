"""ModelCard and Variant: the facts about a model that the build writes and the page reads.

Does not load, fetch or run anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

# The kinds whose graphs output a Mask and therefore take the inputs memory and keep.
MASKED = ("segmenter", "detector")


@dataclass(frozen=True)
class Graph:
    """One stored graph, named by a hash of its content.

    An ONNX file for onnxruntime, or, with `weights`, a WebAssembly module that the build compiled of one
    (app/core/program.py). Modules of the same network share the weights' file.
    """

    path: str  # relative to dist/, e.g. "models/selfie-fp32.1a2b3c4d.onnx"
    bytes: int
    sha256: str
    weights: Graph | None = None

    @property
    def files(self) -> tuple[Graph, ...]:
        """The files to be fetched."""
        return (self, self.weights) if self.weights else (self,)


@dataclass(frozen=True)
class Variant:
    """One form of a model, for the backends that it was verified on.

    `graphs` holds one wrapped graph, or two with Python's face selection between them: the first outputs
    `candidates`, app.core.nms.select() makes `faces` of them, the second outputs `mask`.
    """

    id: str  # "fp32", "fp16", "webgl", ...
    backends: tuple[str, ...]
    graphs: tuple[Graph, ...]
    rgba: str = "uint8"  # element type of the `rgba` input: "uint8" or "float32" (0 to 255 both)
    opset: int = 17
    needs: str = ""  # a feature that the browser must have: "shader-f16", "relaxed-simd", or "" for none

    @property
    def bytes(self) -> int:
        """The stored size of all graphs."""
        return sum(file.bytes for graph in self.graphs for file in graph.files)


@dataclass(frozen=True)
class Input:
    """The picture that a model takes: its size in pixels, and how a frame is fitted into it."""

    height: int
    width: int
    fit: str  # "stretch" fills the input; "letterbox" keeps the aspect ratio, black at the sides


@dataclass(frozen=True)
class Size:
    """One of the input sizes of a network without fixed shapes. All sizes share the card's ONNX graphs.

    The graphs' free dimensions are `height` and `width`, of rgba and of the Mask, which has the same size.
    What is compiled has one module for each size.
    """

    id: str  # "low", "medium", "high"
    input: Input
    mask: tuple[int, int]
    matte: Graph | None = None
    cutouts: tuple[Variant, ...] = ()
    tint: Graph | None = None
    compiled: tuple[Variant, ...] = ()

    @property
    def dimensions(self) -> dict[str, int]:
        """The graphs' free dimensions at this size."""
        return {"height": self.input.height, "width": self.input.width}


@dataclass(frozen=True)
class ModelCard:
    """One published model in this build.

    `kind` determines the inputs and outputs of the wrapped graph:
    "segmenter": rgba, memory, keep -> mask, and parts where the network tells body parts apart;
    "detector": rgba, memory, keep -> faces, mask;
    "pose": rgba -> pose;
    "landmarks": rgba (one face, cut out) -> presence, points;
    "classifier": rgba -> scores, features;
    "network": rgba -> the outputs of the published network, under its own names.
    Shapes: rgba [1,H,W,4]; memory and mask [1,1,h,w] float32 0..1; keep [1] float32 0..1;
    parts [1,24,g,g'] float32, a probability for each of BodyPix's 24 parts on the network's own grid;
    faces [5,17] float32, rows of score, x0, y0, x1, y1, six (x, y), all 0..1 of the input,
    zero rows where there is no face; pose [17,3] float32, rows of score, x, y, 0..1 of the input, in
    COCO's order (nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; left before right);
    presence [1] float32 0..1; points [468,3] float32, x, y, z in 0..1 of the input's width;
    scores [1,n] float32, probabilities; features [1,m] float32, the feature vector.
    The matte is uint8 [1,H,W,4]; its alpha is the Mask, refined to the edges of the picture. softness [1]
    float32 is half the width of the edge, in Mask units. The tint is uint8 [1,h,w,4], about half the
    Mask's size: the colour of the likeliest part, with the Mask as alpha.
    The cutout takes rgba [1,224,224,4], sampled from a square RotatedRect, and the segmenter's mask (and
    parts, where it has them) for the RotatedRect of the same height and centre with the aspect ratio of the
    segmenter's input. It outputs cut, of rgba's shape and type: the face (without parts: the person) on
    middle grey, or the whole square where the segmenter finds almost nothing.
    """

    id: str
    title: str
    kind: str
    about: str
    licence: str
    input: Input
    mask: tuple[int, int]  # (h, w) of `mask` and `memory`
    variants: tuple[Variant, ...] = ()  # ONNX graphs, for every size
    matte: Graph | None = None  # compiled: rgba, mask, softness -> matte, for the Compositor without shaders
    sizes: tuple[Size, ...] = ()  # the visitor's choice; input, mask, matte and others belong to one of them
    tint: Graph | None = None  # compiled: parts, mask -> tint; only for a segmenter with parts
    cutouts: tuple[Variant, ...] = ()  # rgba, mask, parts -> cut; only for a segmenter
    compiled: tuple[Variant, ...] = ()  # the model as WebAssembly modules; empty where it cannot be compiled
    uncompiled: str = ""  # why the model could not be compiled; "" where it was
    missing: str = ""  # why this build lacks the model; "" when it has it
    report: Mapping[str, Any] = field(default_factory=dict)  # figures of the build: parity, operators, ...

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """Every file of the card, each once."""
        sizes: tuple[ModelCard | Size, ...] = (self, *self.sizes)
        variants = [*self.variants, *(v for each in sizes for v in (*each.compiled, *each.cutouts))]
        graphs = [graph for variant in variants for graph in variant.graphs]
        graphs += filter(None, (graph for each in sizes for graph in (each.matte, each.tint)))
        return tuple(dict.fromkeys(file for graph in graphs for file in graph.files))

    def variant(self, backend: str, features: Collection[str] = ()) -> Variant | None:
        """The first variant that can run on a backend; None where the model has none.

        `features`: the browser's optional features.
        """
        return choose((*self.compiled, *self.variants), backend, features)

    def sized(self, id: str) -> ModelCard:
        """The card at the size with this id; the card itself where it has no such size."""
        size = next((size for size in self.sizes if size.id == id), None)
        if size is None:
            return self
        own = {name: getattr(size, name) for name in OF_SIZE}
        return replace(self, **own)

    def cutout(self, backend: str, features: Collection[str] = ()) -> Variant | None:
        """The cutout for a backend; None where the card has none."""
        return choose(self.cutouts, backend, features)

    @property
    def size(self) -> Size | None:
        """The card's current size; None where it has no sizes to choose from."""
        return next((size for size in self.sizes if size.input == self.input), None)

    @property
    def dimensions(self) -> dict[str, int]:
        """The graphs' free dimensions; empty where all dimensions are fixed."""
        return self.size.dimensions if self.size else {}


# What a card has of its current size.
OF_SIZE = ("input", "mask", "matte", "cutouts", "tint", "compiled")


def choose(variants: Iterable[Variant], backend: str, features: Collection[str]) -> Variant | None:
    """The first of the variants that can run on a backend in a browser with these features."""
    able = (v for v in variants if backend in v.backends)
    return next((v for v in able if not v.needs or v.needs in features), None)


def to_dict(card: ModelCard) -> dict[str, Any]:
    """The card as plain JSON types."""
    return asdict(card)


def from_dict(data: Mapping[str, Any]) -> ModelCard:
    """The card that `to_dict` encoded, also after encoding as JSON.

    Raises KeyError or TypeError for any other mapping.
    """
    variants = variants_from(data["variants"])
    sizes = tuple(Size(**{**size, **_size(size)}) for size in data["sizes"])
    return ModelCard(**{**data, **_size(data), "variants": variants, "sizes": sizes})


def variants_from(rows: Iterable[Mapping[str, Any]]) -> tuple[Variant, ...]:
    """The Variants of their plain JSON types."""
    return tuple(
        Variant(**{**row, "backends": tuple(row["backends"]), "graphs": tuple(map(_graph, row["graphs"]))})
        for row in rows
    )


def _size(data: Mapping[str, Any]) -> dict[str, Any]:
    height, width = data["mask"]
    return {
        "input": Input(**data["input"]),
        "mask": (height, width),
        "cutouts": variants_from(data["cutouts"]),
        "compiled": variants_from(data["compiled"]),
        **{name: _graph(data[name]) if data[name] else None for name in ("matte", "tint")},
    }


def _graph(data: Mapping[str, Any]) -> Graph:
    return Graph(**{**data, "weights": _graph(data["weights"]) if data["weights"] else None})
