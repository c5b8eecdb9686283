"""make(): the files of one published model become the verified variants that are chosen for its card.

Does not fetch, cache or report; the steps are those of the other modules, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx

from app.core.card import Graph, ModelCard, Variant
from models.artifacts import file, kept
from models.graphs import cutout, matte, tint, wrap
from models.graphs.text import OPSET
from models.importers import read
from models.sources.fetch import Fetched
from models.spec.card import Card, Wanted
from models.variants import choice, float16, quantize
from models.variants.lower import FLOAT_RGBA, NO_SELECT, lower, tidy
from models.verify import calibration
from models.verify import parity as verify

Say = Callable[[str], None]
# On WebGPU it runs on WASM: it is less work than taking the picture to the GPU and back.
CUTOUTS = (Wanted("cutout", ("wasm", "webgpu"), "fp32"), Wanted("cutout-webgl", ("webgl",), "fp32"))


@dataclass(frozen=True)
class Candidate:
    """A variant's graphs: exact, as they are stored, and such that a processor loses what these lose."""

    wanted: Wanted
    rgba: str  # its type
    exact: list[onnx.ModelProto]
    stored: list[onnx.ModelProto]
    native: list[onnx.ModelProto]


def make(card: Card, fetched: Fetched, described: ModelCard, out: Path, say: Say) -> ModelCard:
    """`described` with its variants, mattes and report; the graphs are in out/models.

    `card` is as Card.of the fetched source gives it. Raises models.importers.read.Unreadable or
    models.verify.parity.Failure, each one sentence.
    """
    say(f"{card.title}: importing {fetched.bytes:,} bytes")
    network = imported(card, fetched)
    say(f"{card.title}: comparing with the published model")
    parity = verify.parity(card, fetched, network)
    variants: list[Variant] = []
    figures: dict[str, Any] = {}
    refused: dict[str, str] = {}
    left = list(choice.chosen(card, choice.read(), quantize.packed(network)))
    while left:
        wanted = left.pop(0)
        say(f"{card.title}: making {wanted.id} for {', '.join(wanted.backends)}")
        made = candidate(card, wanted, network)
        measured = _measured(card, made, network)
        if missed := choice.missed(card.loss, measured["loss"]) if "loss" in measured else ():
            refused[wanted.id] = missed[0]
            say(f"{card.title}: {wanted.id} is not shipped: {missed[0]}")
            if without := _unserved(wanted, variants, left):
                left.insert(0, Wanted(f"fp32-{without[0]}", without, "fp32"))
            continue
        figures[wanted.id] = measured
        variants.append(_variant(card, made, out))
    report = {
        "parity": parity,
        "variants": figures,
        "refused": refused,
        "source": fetched.title,
        "sha256": fetched.source.files[0].sha256,
        "bytes": fetched.bytes,
        "credit": card.credit,
    }
    given = _with_cutouts(with_mattes(described, out), card, network, out)
    given = replace(given, tint=_tint(card, network, out))
    return replace(given, variants=tuple(variants), report=report)


def imported(card: Card, fetched: Fetched) -> onnx.ModelProto:
    """The published network as importers.read gives it; a card with sizes has its dimensions free.

    Raises models.importers.read.Unreadable.
    """
    source = fetched.source
    shape = (card.input.height, card.input.width)
    if card.sizes:
        sizes = [(size.input.height, size.input.width) for size in card.sizes]
        return read.free(source.format, fetched.files, sizes, card.outputs)
    return read.read(source.format, fetched.files, shape, card.outputs)


def graphs(card: Card, wanted: Wanted, network: onnx.ModelProto) -> tuple[str, list[onnx.ModelProto]]:
    """The type of rgba, and the fused graphs of a variant, lowered for its backends, weights as imported.

    Raises models.verify.parity.Failure for an operator that one of the backends lacks, and for a network
    whose outputs are not what its kind's graph can be made of.
    """
    rgba = rgba_type(wanted)
    cut = wrap.parts if NO_SELECT & set(wanted.backends) else wrap.whole
    # WebGL has nothing to unpack weights with but Cast and Mul, and its rewrites read the weights' shapes.
    plain = quantize.unpacked(network) if "webgl" in wanted.backends else network
    try:
        fused = [lower(model, wanted.backends) for model in cut(card, plain, rgba)]
    except ValueError as error:
        raise verify.Failure(str(error)) from None
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        said = str(error).strip().splitlines()[0][:200]
        raise verify.Failure(f"{card.id}: no graph of a {card.kind} can be made of it: {said}") from None
    return rgba, fused


def rgba_type(wanted: Wanted) -> str:
    """What `rgba` is for a variant: bytes, but float32 where one of its backends has no bytes."""
    return "float32" if FLOAT_RGBA & set(wanted.backends) else "uint8"


def candidate(card: Card, wanted: Wanted, network: onnx.ModelProto) -> Candidate:
    """A variant made of the imported network. Raises as `graphs`."""
    rgba, fused = graphs(card, wanted, network)
    exact = [quantize.unpacked(model) for model in fused]
    models = stored(card, wanted, fused, rgba)
    # The processor computes halves in float32: what a GPU loses is shown by rounding in between.
    native = [float16.rounded(model) for model in exact] if wanted.weights == "half" else models
    return Candidate(wanted, rgba, exact, models, native)


def stored(card: Card, wanted: Wanted, fused: Sequence[onnx.ModelProto], rgba: str) -> list[onnx.ModelProto]:
    """Fused graphs as the variant stores them, calibrated on pictures where it computes in integers."""
    calibrates = wanted.weights == "qdq"
    return [
        quantize.STORED[wanted.weights](model, calibration.feeds(card, model, rgba) if calibrates else ())
        for model in fused
    ]


def _measured(card: Card, made: Candidate, network: onnx.ModelProto) -> dict[str, Any]:
    """What is found of a candidate; no loss of float32, which the others are measured against."""
    exact = [file(model) for model in made.exact]
    figures: dict[str, Any] = {
        "fused": verify.same(card, network, exact, made.rgba),
        "nodes": sum(len(model.graph.node) for model in made.exact),
        "operators": verify.operators(made.exact, made.wanted.backends),
    }
    if made.wanted.weights != "fp32":
        figures["loss"] = verify.loss(card, exact, [file(model) for model in made.native], made.rgba)
    return figures


def _unserved(refused: Wanted, variants: list[Variant], left: list[Wanted]) -> tuple[str, ...]:
    """The backends that nothing is left for where a candidate is refused, in a browser without features."""
    served = {backend for v in variants if not v.needs for backend in v.backends}
    served |= {backend for w in left if w.weights not in choice.NEEDS for backend in w.backends}
    if refused.weights in choice.NEEDS:
        return ()  # what every browser has was chosen besides
    return tuple(backend for backend in refused.backends if backend not in served)


def _variant(card: Card, made: Candidate, out: Path) -> Variant:
    """The variant, its files written."""
    wanted, models = made.wanted, made.stored
    many = range(1, len(models) + 1)
    names = [f"{card.id}-{wanted.id}{f'.{n}' if len(models) > 1 else ''}" for n in many]
    files = tuple(kept(name, file(model), out) for name, model in zip(names, models, strict=True))
    return Variant(wanted.id, wanted.backends, files, made.rgba, OPSET, choice.NEEDS.get(wanted.weights, ""))


def with_mattes(card: ModelCard, out: Path) -> ModelCard:
    """The card with the matte graph of each of its sizes, where it has a Mask."""
    if not card.mask[0]:
        return card
    sizes = tuple(replace(size, matte=_matte(f"{card.id}-{size.id}", size, out)) for size in card.sizes)
    card = replace(card, sizes=sizes)
    return replace(card, matte=card.size.matte if card.size else _matte(card.id, card, out))


def _with_cutouts(described: ModelCard, card: Card, network: onnx.ModelProto, out: Path) -> ModelCard:
    """The card with the cutout graphs of each of its sizes, where it is a segmenter."""
    if card.kind != "segmenter":
        return described
    sizes = []
    for size in described.sizes:
        sized = verify.resized(card, size.input.height, size.input.width)
        sizes.append(replace(size, cutouts=_cutouts(f"{card.id}-{size.id}", sized, network, out)))
    described = replace(described, sizes=tuple(sizes))
    own = described.size
    return replace(described, cutouts=own.cutouts if own else _cutouts(card.id, card, network, out))


def _cutouts(name: str, card: Card, network: onnx.ModelProto, out: Path) -> tuple[Variant, ...]:
    maps, made = cutout.seen(card, network), []
    for wanted in CUTOUTS:
        rgba = rgba_type(wanted)
        model = lower(cutout.graph(maps, card.input, rgba), wanted.backends)
        verify.operators([model], wanted.backends)
        graph = kept(f"{name}-{wanted.id}", file(model), out)
        made.append(Variant(wanted.id, wanted.backends, (graph,), rgba, OPSET))
    return tuple(made)


def _tint(card: Card, network: onnx.ModelProto, out: Path) -> Graph | None:
    model = tint.graph(card, network)
    return kept(f"{card.id}-tint", file(tidy(model)), out) if model else None


def _matte(name: str, size: Any, out: Path) -> Graph:
    model = matte.graph(size.input.height, size.input.width, size.mask)
    return kept(f"{name}-matte", file(tidy(model)), out)
