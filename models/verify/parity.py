"""Proof that a model is still the published one: parity, shapes and operators, or a Failure.

Does not run browsers (the page tests do) and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from app.core.card import ModelCard
from app.native.session import Session
from models.sources.fetch import Fetched
from models.spec.card import Card
from models.verify import calibration, metrics, runners
from models.verify import reference as decoded

Array = NDArray[Any]

# WebGL's list is onnxruntime-web 1.30.0's op-resolve-rules.ts, less what a test found wrong there.
# WASM has all of ONNX; WebGPU hands what it lacks to WASM, node by node.
# WebGL computes these by texture coordinate, and a Reshape keeps the texture: wrong numbers, silently.
POINTWISE = frozenset({"Add", "Clip", "Div", "LeakyRelu", "Mul", "PRelu", "Relu", "Sigmoid", "Sqrt", "Sub"})
WEBGL = POINTWISE | {"AveragePool", "Concat", "Conv", "ConvTranspose", "DepthToSpace", "Gemm"}
WEBGL |= {"GlobalAveragePool", "MatMul", "MaxPool", "Pad", "ReduceMax", "ReduceMean", "Reshape", "Resize"}
WEBGL |= {"Slice", "Softmax", "Squeeze", "Transpose"}
VIEWS = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze"})  # what WebGL keeps the texture over
SEEDS = 4  # pictures of noise
PHOTOS = 4  # of views.photos: two people, two things
# The build stops this far above a gate; the tests hold the gate itself. Processors round differently (7e-5
# is rounding: float32 sums in another order), and nobody's build may fail for it.
SLACK = 4e-4
PROBABILITIES = frozenset({"mask", "parts", "presence", "presence_probability", "scores"})
FLOATS = PROBABILITIES | {"faces", "pose", "points", "features"}  # what app/core/card.py gives a type to
# Of 1. MoveNet as published, in integers, and in float32 place a point surer than this at most 0.031 of the
# picture apart (views of the package's photos); at 0.3 one in 60 jumps across half of it.
SURE = 0.4
SAME = 1e-3  # largest difference of a fused graph from the network it is made of, 0 to 1


class Failure(ValueError):
    """A model that is not what it should be; the message says which gate it missed and by how much."""


@lru_cache(maxsize=16)
def pictures(height: int, width: int, kind: str) -> tuple[Array, ...]:
    """uint8 [1,height,width,4] each, alpha 255, kind "noise" or "photo"; not to be written to."""
    from PIL import Image

    if kind == "noise":
        rng = np.random.default_rng(height * width)
        planes = [rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(SEEDS)]
    else:
        planes = [
            np.asarray(Image.fromarray(photo).resize((width, height)))
            for photo in islice(calibration.photos(), PHOTOS)
        ]
        planes += [plane[::-1] for plane in planes[:1]]
    found = tuple(np.dstack([p, np.full((height, width), 255, np.uint8)])[None] for p in planes)
    for picture in found:
        picture.flags.writeable = False
    return found


def planes(card: Card, picture: Array) -> Array:
    """`picture` uint8 [1,H,W,4] as the published network takes it, float32 [1,H,W,3]."""
    scaled: Array = picture[..., :3].astype(np.float32) * np.float32(card.scale) + np.float32(card.offset)
    return scaled


def parity(card: Card, fetched: Fetched, imported: onnx.ModelProto) -> dict[str, float | str]:
    """Largest difference from the published model's outputs on noise and photos, as a part of their range.

    The range of a probability is 1, that of another output the one it takes over the pictures. Of a pose that
    the network itself decides (`pose`), the places count that the published model is surer of than SURE: the
    others are the highest of heat maps that are flat, and jump by the rounding of an integer model. Where the
    published model's own runtime is not there, the value is "not measured: " and the reason. Raises Failure
    above a gate and SLACK, and for what is not a number.
    """
    if not card.gates:
        return {}
    session = Session(imported.SerializeToString(), threads=1, dimensions=dimensions(card))
    names = card.outputs or {value.name: value.name for value in imported.graph.output}
    taken = [(kind, p) for kind in card.gates for p in pictures(card.input.height, card.input.width, kind)]
    x = np.concatenate([planes(card, picture) for _, picture in taken])
    try:
        values = runners.run(fetched.source.format, fetched.files, x, names)
    except runners.NotHere as error:
        return dict.fromkeys(card.gates, f"not measured: {error}")
    rows = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    mine = [session.run_now({"picture": row[None]}) for row in rows]
    found: dict[str, float | str] = {}
    for kind, gate in card.gates.items():
        places = [place for place, (of, _) in enumerate(taken) if of == kind]
        worst = 0.0
        for role, theirs in runners.arranged(imported, values).items():
            every = theirs.reshape(len(taken), *mine[0][role].shape)
            worst = max(worst, _apart(role, np.stack([mine[p][role] for p in places]), every[places]))
        found[kind] = worst
        if not worst <= gate + SLACK:
            raise Failure(
                f"{card.id}: {kind} is {worst:.2g} of the range off the published model, gate {gate:.2g}"
            )
    return found


def _apart(role: str, ours: Array, theirs: Array) -> float:
    """The largest difference, as a part of the range.

    inf for what is not a number, on either side, and for a pose that nothing is sure of.
    """
    if not np.isfinite(ours).all() or not np.isfinite(theirs).all():
        return float("inf")
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    if role == "pose":
        sure = theirs[..., 2] > SURE
        return float(np.abs(ours - theirs)[sure][:, :2].max()) if sure.any() else float("inf")
    scope = 1.0 if role in PROBABILITIES else float(np.ptp(theirs)) or 1.0
    return float(np.abs(ours - theirs).max()) / scope


def dimensions(card: Card | ModelCard) -> dict[str, int]:
    """What the free dimensions of a card's graphs are at its own input; empty where they are fixed."""
    return {"height": card.input.height, "width": card.input.width} if card.sizes else {}


def same(card: Card, imported: onnx.ModelProto, graphs: Sequence[bytes], rgba: str) -> float:
    """Largest difference of fused graphs' answers from those worked out of the network's in decoded.py.

    On noise and photos, at every size of the card; keep is 0, so memory must not matter. Raises Failure for
    another shape or type, for what is not within 0..1 where it has to be, or above SAME.
    """
    worst = 0.0
    for sized in [card, *(resized(card, size.input.height, size.input.width) for size in card.sizes)]:
        reference = Session(imported.SerializeToString(), threads=1, dimensions=dimensions(sized))
        sessions = [Session(graph, threads=1, dimensions=dimensions(sized)) for graph in graphs]
        for kind in ("noise", "photo"):
            many = pictures(sized.input.height, sized.input.width, kind)
            for picture in many if sized is card else many[:1]:
                outputs = run(sized, sessions, picture.astype(rgba))
                x = np.ascontiguousarray(planes(card, picture).transpose(0, 3, 1, 2))
                expected = decoded.answers(sized, reference.run_now({"picture": x}))
                worst = float(np.maximum(worst, _compare(sized, outputs, expected)))
    if not worst <= SAME:
        raise Failure(f"{card.id}: a fused graph differs from the network it is made of by {worst:.2g}")
    return worst


def run(card: Card, sessions: Sequence[Session], rgba: Array) -> dict[str, Array]:
    """One variant's answers for bytes [1,H,W,4] of its own type; nothing is smoothed (keep is 0)."""
    memory = np.random.default_rng(1).random((1, 1, *card.mask), np.float32)
    have: dict[str, Array] = {"rgba": rgba, "memory": memory, "keep": np.zeros(1, np.float32)}
    outputs: dict[str, Array] = {}
    for session in sessions:
        if "faces" in session.inputs:
            outputs["faces"] = decoded.chosen(outputs["candidates"])
        outputs |= session.run_now({name: {**have, **outputs}[name] for name in session.inputs})
    return outputs


def loss(card: Card, exact: Sequence[bytes], found: Sequence[bytes], rgba: str) -> dict[str, float]:
    """What graphs `found` lose against `exact`, both all of a variant, by the metrics of the card's kind."""
    both = []
    for graphs in (exact, found):
        sessions = [Session(graph, threads=1, dimensions=dimensions(card)) for graph in graphs]
        both.append([run(card, sessions, picture.astype(rgba)) for picture in calibration.judged(card)])
    return metrics.loss(card.kind, card.input, *both)


def resized(card: Card, height: int, width: int) -> Card:
    """The card at another of its sizes; the Mask is as large as the input."""
    mask = (height, width) if card.mask != (0, 0) else card.mask
    return replace(card, input=replace(card.input, height=height, width=width), mask=mask)


def _compare(card: Card, outputs: Mapping[str, Array], expected: Mapping[str, Array]) -> float:
    worst = 0.0
    for name, wanted in (*expected.items(), *([("mask", None)] if card.mask != (0, 0) else [])):
        shape = (1, 1, *card.mask) if wanted is None else wanted.shape
        value = outputs.get(name)
        if value is None or value.shape != shape or (name in FLOATS and value.dtype != np.float32):
            has = "missing" if value is None else f"{value.dtype} {list(value.shape)}"
            raise Failure(f"{card.id}: {name} is {has}, not float32 {list(shape)}")
        if not np.isfinite(value).all():
            raise Failure(f"{card.id}: {name} holds numbers that are not finite")
        if name in PROBABILITIES and not 0 <= value.min() <= value.max() <= 1:
            raise Failure(f"{card.id}: {name} is not within 0..1")
        if wanted is None:
            continue
        wanted = wanted.astype(np.float64)  # of bytes and truth values as well
        scope = max(1.0, float(np.nanmax(wanted) - np.nanmin(wanted)))
        apart = np.abs(value.astype(np.float64) - wanted)
        worst = float(np.maximum(worst, np.nanmax(apart) / scope))  # max() would pass over NaN
    return worst


def operators(graphs: Iterable[onnx.ModelProto], backends: Iterable[str]) -> list[str]:
    """The operators used, sorted. Raises Failure for one that a backend lacks or gets wrong."""
    used: set[str] = set()
    for model in graphs:
        used |= {node.op_type for node in model.graph.node}
        if "webgl" not in backends:
            continue
        if lacking := used - WEBGL:
            raise Failure(f"webgl has no {', '.join(sorted(lacking))}")
        calibration = {o for node in model.graph.node if node.op_type in VIEWS for o in node.output}
        for node in model.graph.node:
            if node.op_type in POINTWISE and calibration & set(node.input):
                raise Failure(
                    f"webgl would compute {node.op_type} {node.output[0]} wrong: it follows a Reshape"
                )
    return sorted(used)
