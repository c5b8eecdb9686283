"""Makes the WebAssembly modules of a model, one for each size, of the variant that ships on "wasm-ort".

Does not make that variant. A model that cannot be compiled, or whose modules miss a gate, has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import onnx

from app.core.card import ModelCard, Variant
from models.spec.card import Card
from models.variants import compiled
from models.variants.compiled import UnsupportedError, compile_graph
from models.verify import compiled as verify
from models.verify import parity

BACKEND = ("wasm",)


def with_modules(
    model: ModelCard,
    card: Card,
    of: str,
    stored: Sequence[onnx.ModelProto],
    rgba: str,
    out: Path,
    progress: Callable[[str], None],
) -> ModelCard:
    """The model with its compiled Variants, or with the reason in `uncompiled`.

    `stored` are the graphs of the variant `of`, `rgba` is the type of their input. The report's entry
    "compiled" names it, the largest differences from it in onnxruntime, and the seconds that this took.
    """
    begun, found = perf_counter(), []
    sized = {size.id: parity.resized(card, size.input.height, size.input.width) for size in card.sizes}
    made: dict[str, tuple[Variant, ...]] = {}
    try:
        if len(stored) != 1:
            raise UnsupportedError("its graphs need Python between them")
        for id, each in (sized or {"": card}).items():
            program = compile_graph(stored[0], parity.dimensions(each) or None)
            for module in dict.fromkeys((program.simd, program.relaxed)):
                count = verify.PICTURES if each.input == card.input else verify.FEW
                found.append(verify.differences(each, stored[0], module, program.weights, rgba, count))
                if reasons := verify.missed(found[-1]):
                    raise UnsupportedError(reasons[0])
            name = f"{card.id}-{id}" if id else card.id
            made[id] = compiled.variants(program, name, f"{card.id}-weights", BACKEND, out, rgba)
    except UnsupportedError as error:
        reason = str(error).rstrip(".")
        progress(f"{card.title}: not compiled: {reason}")
        return replace(model, uncompiled=reason)
    sizes = tuple(replace(size, compiled=made[size.id]) for size in model.sizes)
    model = replace(model, sizes=sizes)
    seconds = round(perf_counter() - begun, 1)
    report = {
        **model.report,
        "compiled": {"of": of, "differences": verify.worst_of(found), "seconds": seconds},
    }
    own = model.size.compiled if model.size else made[""]
    progress(f"{card.title}: compiled and compared in {seconds} s")
    return replace(model, compiled=own, report=report)
