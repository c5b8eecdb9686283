"""make(): the files of one published model become the verified variants that are chosen for its card.

Does not fetch, cache or report; the steps are those of the other modules, in order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from app.card import Graph, ModelCard, Variant
from app.native.session import Session
from models import choice, fuse, halves, importers, matte, metrics, quantize, verify, views
from models.cards import Card, Wanted
from models.fetch import Fetched
from models.graph import OPSET
from models.lower import FLOAT_RGBA, NO_SELECT, lower, tidy

Say = Callable[[str], None]


def make(card: Card, fetched: Fetched, described: ModelCard, out: Path, say: Say) -> ModelCard:
    """`described` with its variants, mattes and report; the graphs are in out/models.

    `card` is as Card.of the fetched source gives it. Raises models.importers.Unreadable or
    models.verify.Failure, each one sentence.
    """
    say(f"{card.title}: importing {fetched.bytes:,} bytes")
    network = imported(card, fetched)
    say(f"{card.title}: comparing with the published model")
    parity = verify.parity(card, fetched, network)
    variants, figures, refused = [], {}, {}
    left = list(choice.chosen(card, choice.read()))
    while left:
        wanted = left.pop(0)
        say(f"{card.title}: making {wanted.id} for {', '.join(wanted.backends)}")
        variant, figures[wanted.id] = _variant(card, wanted, network, out)
        missed = metrics.missed(card.loss, figures[wanted.id].get("loss", {}))
        if not missed:
            variants.append(variant)
            continue
        del figures[wanted.id]
        refused[wanted.id] = missed[0]
        say(f"{card.title}: {wanted.id} is not shipped: {missed[0]}")
        served = {backend for w in (*variants, *left) for backend in w.backends}
        if without := tuple(backend for backend in wanted.backends if backend not in served):
            left.insert(0, Wanted(f"fp32-{without[0]}", without, "fp32"))
    report = {
        "parity": parity,
        "variants": figures,
        "refused": refused,
        "source": fetched.title,
        "sha256": fetched.source.files[0].sha256,
        "bytes": fetched.bytes,
        "credit": card.credit,
    }
    return replace(_with_mattes(described, out), variants=tuple(variants), report=report)


def imported(card: Card, fetched: Fetched) -> onnx.ModelProto:
    """The published network as importers.read gives it; a card with sizes has its dimensions free.

    Raises models.importers.Unreadable.
    """
    source = fetched.source
    shape = (card.input.height, card.input.width)
    if card.sizes:
        sizes = [(size.input.height, size.input.width) for size in card.sizes]
        return importers.free(source.format, fetched.files, sizes, card.outputs)
    return importers.read(source.format, fetched.files, shape, card.outputs)


def graphs(card: Card, wanted: Wanted, network: onnx.ModelProto) -> tuple[str, list[onnx.ModelProto]]:
    """The type of rgba, and the fused graphs of a variant, lowered for its backends, weights as imported.

    Raises models.verify.Failure for an operator that one of the backends lacks.
    """
    rgba = rgba_type(wanted)
    cut = fuse.parts if NO_SELECT & set(wanted.backends) else fuse.whole
    # WebGL has nothing to unpack weights with but Cast and Mul, and its rewrites read the weights' shapes.
    plain = quantize.unpacked(network) if "webgl" in wanted.backends else network
    try:
        fused = [lower(model, wanted.backends) for model in cut(card, plain, rgba)]
    except ValueError as error:
        raise verify.Failure(str(error)) from None
    return rgba, fused


def rgba_type(wanted: Wanted) -> str:
    """What `rgba` is for a variant: bytes, but float32 where one of its backends has no bytes."""
    return "float32" if FLOAT_RGBA & set(wanted.backends) else "uint8"


def stored(
    card: Card, wanted: Wanted, fused: Sequence[onnx.ModelProto], rgba: str
) -> list[onnx.ModelProto]:
    """Fused graphs as the variant stores them, calibrated on pictures where it computes in integers."""
    calibrates = wanted.weights == "qdq"
    return [
        quantize.STORED[wanted.weights](model, views.feeds(card, model, rgba) if calibrates else ())
        for model in fused
    ]


def file(model: onnx.ModelProto) -> bytes:
    """A graph as the bytes of its file, always the same."""
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def loss(
    card: Card, exact: Sequence[onnx.ModelProto], found: Sequence[onnx.ModelProto], rgba: str
) -> dict[str, float]:
    """What `found` loses against `exact`, both all graphs of a variant, by the metrics of the card's kind."""
    both = []
    for models in (exact, found):
        sessions = [Session(file(m), threads=1, dimensions=verify.dimensions(card)) for m in models]
        both.append([verify.run(card, sessions, picture.astype(rgba)) for picture in views.judged(card)])
    return metrics.loss(card.kind, card.input, *both)


def _variant(
    card: Card, wanted: Wanted, network: onnx.ModelProto, out: Path
) -> tuple[Variant, dict[str, Any]]:
    rgba, fused = graphs(card, wanted, network)
    exact = [quantize.unpacked(model) for model in fused]
    figures: dict[str, Any] = {
        "fused": verify.same(card, network, [file(model) for model in exact], rgba),
        "nodes": sum(len(model.graph.node) for model in exact),
        "operators": verify.operators(exact, wanted.backends),
    }
    kept = stored(card, wanted, fused, rgba)
    if "webgl" in wanted.backends:
        verify.operators(kept, wanted.backends)
    if wanted.weights != "fp32":
        # The processor computes halves in float32: what a GPU loses is shown by rounding in between.
        native = [halves.rounded(model) for model in exact] if wanted.weights == "half" else kept
        figures["loss"] = loss(card, exact, native, rgba)
    names = [f"{card.id}-{wanted.id}{f'.{n}' if len(kept) > 1 else ''}" for n in range(1, len(kept) + 1)]
    files = tuple(_kept(n, file(m), out) for n, m in zip(names, kept, strict=True))
    needs = choice.NEEDS.get(wanted.weights, "")
    return Variant(wanted.id, wanted.backends, files, rgba, OPSET, needs), figures


def _with_mattes(card: ModelCard, out: Path) -> ModelCard:
    """The card with the matte graph of each of its sizes, where it has a Mask."""
    if not card.mask[0]:
        return card
    sizes = tuple(replace(size, matte=_matte(f"{card.id}-{size.id}", size, out)) for size in card.sizes)
    own = next((size.matte for size in sizes if size.input == card.input), None)
    return replace(card, sizes=sizes, matte=own or _matte(card.id, card, out))


def _matte(name: str, size: Any, out: Path) -> Graph:
    model = matte.graph(size.input.height, size.input.width, size.mask)
    return _kept(f"{name}-matte", file(tidy(model)), out)


def _kept(name: str, data: bytes, out: Path) -> Graph:
    sha256 = hashlib.sha256(data).hexdigest()
    path = f"models/{name}.{sha256[:8]}.onnx"
    (out / path).write_bytes(data)
    return Graph(path, len(data), sha256)
