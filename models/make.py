"""make(): the published files of a card become the verified variants that ship.

Does not fetch files, cache results or print reports; each step is a function of another module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx

from app.core.card import Graph, ModelCard, Variant
from app.core.errors import UserError
from models import artifacts
from models.artifacts import OPSET
from models.graphs import cutout, matte, tint, wrap
from models.importers.formats import import_model, import_resizable
from models.sources.fetch import Fetched
from models.spec.card import Card, VariantSpec
from models.variants import choice, float16, quantize
from models.variants.lower import FLOAT_RGBA, NO_SELECT, lower, tidy
from models.verify import calibration, parity

Progress = Callable[[str], None]
# With WebGPU the cutout runs on WASM: it is less work than moving the picture to the GPU and back.
CUTOUTS = (
    VariantSpec("cutout", ("wasm", "webgpu"), "fp32"),
    VariantSpec("cutout-webgl", ("webgl",), "fp32"),
)


@dataclass(frozen=True)
class Candidate:
    """The graphs of a variant: exact, as stored, and with the stored graphs' loss on the processor."""

    spec: VariantSpec
    rgba: str  # the type of the input rgba
    exact: list[onnx.ModelProto]
    stored: list[onnx.ModelProto]
    native: list[onnx.ModelProto]


def make(card: Card, fetched: Fetched, out: Path, progress: Progress) -> ModelCard:
    """The model of a card with its variants and report; its graphs are then in out/models, which must exist.

    `card` is the result of Card.of for the fetched source. Raises UserError.
    """
    progress(f"{card.title}: importing {fetched.bytes:,} bytes")
    network = imported(card, fetched)
    progress(f"{card.title}: comparing with the published model")
    differences = parity.parity(card, fetched, network)
    variants: list[Variant] = []
    figures: dict[str, Any] = {}
    refused: dict[str, str] = {}
    left = list(choice.chosen(card, choice.read_figures(), quantize.has_quantised_weights(network)))
    while left:
        spec = left.pop(0)
        progress(f"{card.title}: making {spec.id} for {', '.join(spec.backends)}")
        made = candidate(card, spec, network)
        measured = _measure(card, made, network)
        missed = choice.missed_gates(card.loss, measured["loss"]) if "loss" in measured else ()
        if missed:
            refused[spec.id] = missed[0]
            progress(f"{card.title}: {spec.id} does not ship: {missed[0]}")
            if backends := _unserved(spec, variants, left):
                left.insert(0, VariantSpec(f"fp32-{backends[0]}", backends, "fp32"))
            continue
        figures[spec.id] = measured
        variants.append(_variant(card, made, out))
    report = {
        "parity": differences,
        "variants": figures,
        "refused": refused,
        "source": fetched.title,
        "sha256": fetched.source.files[0].sha256,
        "bytes": fetched.bytes,
        "credit": card.credit,
    }
    result = _with_cutouts(with_mattes(card.model_card(), out), card, network, out)
    return replace(result, tint=_tint(card, network, out), variants=tuple(variants), report=report)


def imported(card: Card, fetched: Fetched) -> onnx.ModelProto:
    """The published network as a float graph; with the card's sizes it has free dimensions.

    Raises models.importers.errors.ModelFileError.
    """
    source = fetched.source
    if card.sizes:
        sizes = [(size.input.height, size.input.width) for size in card.sizes]
        return import_resizable(source.format, fetched.files, sizes, card.outputs)
    shape = (card.input.height, card.input.width)
    return import_model(source.format, fetched.files, shape, card.outputs)


def graphs(card: Card, spec: VariantSpec, network: onnx.ModelProto) -> tuple[str, list[onnx.ModelProto]]:
    """The type of rgba, and the wrapped graphs of a variant, lowered for its backends, weights as imported.

    Raises UserError for a network whose outputs do not fit its kind.
    """
    rgba = rgba_type(spec)
    cut = wrap.split_graphs if NO_SELECT & set(spec.backends) else wrap.single_graph
    # On WebGL every frame would decode quantised weights, and its rewrites read the weights' shapes.
    plain = quantize.dequantised(network) if "webgl" in spec.backends else network
    try:
        return rgba, [lower(model, spec.backends) for model in cut(card, plain, rgba)]
    except (ValueError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise UserError(
            f"{card.id}: the network cannot be wrapped as a {card.kind} ({reason}). "
            "Change the kind or [outputs]."
        ) from None


def rgba_type(spec: VariantSpec) -> str:
    """The type of `rgba` in a variant: bytes, but float32 where one of its backends has no bytes."""
    return "float32" if FLOAT_RGBA & set(spec.backends) else "uint8"


def candidate(card: Card, spec: VariantSpec, network: onnx.ModelProto) -> Candidate:
    """A variant of the imported network. Raises as `graphs`."""
    rgba, wrapped = graphs(card, spec, network)
    exact = [quantize.dequantised(model) for model in wrapped]
    models = stored(card, spec, wrapped, rgba)
    # The processor computes float16 graphs in float32; rounding in between shows the loss of a GPU.
    native = [float16.rounded_to_float16(model) for model in exact] if spec.weights == "half" else models
    return Candidate(spec, rgba, exact, models, native)


def stored(
    card: Card, spec: VariantSpec, wrapped: Sequence[onnx.ModelProto], rgba: str
) -> list[onnx.ModelProto]:
    """Wrapped graphs in the form the variant stores; "qdq" is calibrated on pictures."""
    calibrated = spec.weights == "qdq"
    return [
        quantize.CONVERT[spec.weights](
            model, calibration.calibration_feeds(card, model, rgba) if calibrated else ()
        )
        for model in wrapped
    ]


def _measure(card: Card, made: Candidate, network: onnx.ModelProto) -> dict[str, Any]:
    """The figures of a candidate. float32 has no "loss": it is the reference of the others."""
    exact = [artifacts.serialize(model) for model in made.exact]
    figures: dict[str, Any] = {
        "fused": parity.same(card, network, exact, made.rgba),
        "nodes": sum(len(model.graph.node) for model in made.exact),
        "operators": parity.operators(made.exact, made.spec.backends),
    }
    if made.spec.weights != "fp32":
        native = [artifacts.serialize(model) for model in made.native]
        figures["loss"] = parity.loss(card, exact, native, made.rgba)
    return figures


def _unserved(refused: VariantSpec, variants: list[Variant], left: list[VariantSpec]) -> tuple[str, ...]:
    """The backends that have no variant without the refused one, in a browser without special features."""
    served = {backend for v in variants if not v.needs for backend in v.backends}
    served |= {backend for spec in left if spec.weights not in choice.NEEDS for backend in spec.backends}
    if refused.weights in choice.NEEDS:
        return ()  # a variant for every browser was chosen as well
    return tuple(backend for backend in refused.backends if backend not in served)


def _variant(card: Card, made: Candidate, out: Path) -> Variant:
    """The description of a candidate whose files are written here."""
    spec, models = made.spec, made.stored
    files = []
    for n, model in enumerate(models, 1):
        name = f"{card.id}-{spec.id}{f'.{n}' if len(models) > 1 else ''}"
        files.append(artifacts.write(name, artifacts.serialize(model), out))
    needs = choice.NEEDS.get(spec.weights, "")
    return Variant(spec.id, spec.backends, tuple(files), made.rgba, OPSET, needs)


def with_mattes(card: ModelCard, out: Path) -> ModelCard:
    """The card with the matte graphs of all its sizes, where it has a Mask."""
    if not card.mask[0]:
        return card
    sizes = tuple(replace(size, matte=_matte(f"{card.id}-{size.id}", size, out)) for size in card.sizes)
    card = replace(card, sizes=sizes)
    return replace(card, matte=card.size.matte if card.size else _matte(card.id, card, out))


def _with_cutouts(model: ModelCard, card: Card, network: onnx.ModelProto, out: Path) -> ModelCard:
    """The card with the cutout graphs of all its sizes, where it is a segmenter."""
    if card.kind != "segmenter":
        return model
    sizes = []
    for size in model.sizes:
        sized = parity.resized(card, size.input.height, size.input.width)
        sizes.append(replace(size, cutouts=_cutouts(f"{card.id}-{size.id}", sized, network, out)))
    model = replace(model, sizes=tuple(sizes))
    default = model.size
    return replace(model, cutouts=default.cutouts if default else _cutouts(card.id, card, network, out))


def _cutouts(name: str, card: Card, network: onnx.ModelProto, out: Path) -> tuple[Variant, ...]:
    maps, variants = cutout.segmenter_maps(card, network), []
    for spec in CUTOUTS:
        rgba = rgba_type(spec)
        model = lower(cutout.graph(maps, card.input, rgba), spec.backends)
        parity.operators([model], spec.backends)
        graph = artifacts.write(f"{name}-{spec.id}", artifacts.serialize(model), out)
        variants.append(Variant(spec.id, spec.backends, (graph,), rgba, OPSET))
    return tuple(variants)


def _tint(card: Card, network: onnx.ModelProto, out: Path) -> Graph | None:
    model = tint.graph(card, network)
    return artifacts.write(f"{card.id}-tint", artifacts.serialize(tidy(model)), out) if model else None


def _matte(name: str, size: Any, out: Path) -> Graph:
    model = matte.graph(size.input.height, size.input.width, size.mask)
    return artifacts.write(f"{name}-matte", artifacts.serialize(tidy(model)), out)
