"""ModelCard and Variant: what the build knows of a model and the page needs of it.

Does not load, fetch or run anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Graph:
    """One stored ONNX file, named by its content."""

    path: str  # relative to dist/, e.g. "models/selfie-fp32.1a2b3c4d.onnx"
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Variant:
    """One form of a model, for the backends it is verified on.

    `graphs` holds one fused graph, or two when Python has to choose between them: the first
    then gives `candidates`, `app.faces.select` makes `faces` of them, the second gives `mask`.
    """

    id: str  # "fp32", "fp16", "webgl", ...
    backends: tuple[str, ...]
    graphs: tuple[Graph, ...]
    rgba: str = "uint8"  # element type of the `rgba` input: "uint8" or "float32" (0 to 255 both)
    opset: int = 17

    @property
    def bytes(self) -> int:
        """Size of all graphs, as stored."""
        return sum(graph.bytes for graph in self.graphs)


@dataclass(frozen=True)
class Input:
    """The picture a model takes: pixels `height` x `width`, and how a frame is laid into them."""

    height: int
    width: int
    fit: str  # "stretch" fills the input; "letterbox" keeps the aspect ratio, black at the sides


@dataclass(frozen=True)
class ModelCard:
    """One published model as this build offers it.

    `kind` says what the fused graph gives:
    "segmenter": rgba, memory, keep -> mask; "detector": rgba, memory, keep -> faces, mask.
    Shapes: rgba [1,H,W,4]; memory and mask [1,1,h,w] float32 0..1; keep [1] float32 0..1;
    faces [5,17] float32, rows of score, x0, y0, x1, y1, six (x, y), all 0..1 of the input,
    zero rows where there is no face. The matte is uint8 [1,H,W,4], its alpha the Mask laid on the
    picture's own edges; softness [1] float32 is half the width of the edge, in Mask units.
    """

    id: str
    title: str
    kind: str
    about: str
    licence: str
    input: Input
    mask: tuple[int, int]  # (h, w) of `mask` and `memory`
    variants: tuple[Variant, ...] = ()
    matte: Graph | None = None  # rgba, mask, softness -> matte, for the Compositor that has no shaders
    missing: str = ""  # why the model is not in this build; "" when it is
    report: Mapping[str, Any] = field(default_factory=dict)  # figures of the build: parity, operators, ...

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """Every file of the card."""
        own = tuple(graph for variant in self.variants for graph in variant.graphs)
        return (*own, self.matte) if self.matte else own

    def variant(self, backend: str) -> Variant | None:
        """The variant for a backend, or None where the model is not offered on it."""
        return next((v for v in self.variants if backend in v.backends), None)


def to_dict(card: ModelCard) -> dict[str, Any]:
    """The card as plain JSON types."""
    return asdict(card)


def from_dict(data: Mapping[str, Any]) -> ModelCard:
    """The card from what `to_dict` gave, also after a trip through JSON.

    Raises KeyError or TypeError for a mapping that is not a card.
    """
    variants = tuple(
        Variant(
            **{
                **v,
                "backends": tuple(v["backends"]),
                "graphs": tuple(Graph(**g) for g in v["graphs"]),
            }
        )
        for v in data["variants"]
    )
    height, width = data["mask"]
    matte = Graph(**data["matte"]) if data["matte"] else None
    return ModelCard(
        **{
            **data,
            "input": Input(**data["input"]),
            "mask": (height, width),
            "variants": variants,
            "matte": matte,
        }
    )
