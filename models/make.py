"""make(): the published files of a card become the verified variants that ship.

Does not fetch files, cache results or print reports; each step is a function of another module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx

from app.core.card import ModelCard, Variant
from app.core.errors import UserError
from models import artifacts, beside, modules
from models.artifacts import OPSET
from models.graphs import wrap
from models.importers.formats import import_model, import_resizable
from models.sources.fetch import Fetched
from models.spec.card import Card, VariantSpec
from models.variants import choice, float16, quantize
from models.variants.lower import NO_SELECT, lower, rgba_type
from models.verify import calibration, parity

Progress = Callable[[str], None]


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
    plain: Candidate | None = None  # what runs on WASM
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
        if "wasm-ort" in spec.backends and not variants[-1].needs:
            plain = made
    report = {
        "parity": differences,
        "variants": figures,
        "refused": refused,
        "source": fetched.title,
        "sha256": fetched.source.files[0].sha256,
        "bytes": fetched.bytes,
        "credit": card.credit,
    }
    result = replace(card.model_card(), variants=tuple(variants), report=report)
    result = beside.with_graphs(result, card, network, out)
    if plain is None:
        return result
    return modules.with_modules(result, card, plain.spec.id, plain.stored, plain.rgba, out, progress)


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
    rgba = rgba_type(spec.backends)
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
