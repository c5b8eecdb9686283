"""Verifies models: parity with the published model, shapes and values of outputs, operators, losses.

Does not run browsers (the page tests do) and does not change a model.
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
from app.core.errors import UserError
from app.native.session import Session
from models.sources.fetch import Fetched
from models.spec.card import Card
from models.verify import calibration, metrics, reference, runners

Array = NDArray[Any]

# Operators by texture coordinate: after a Reshape, which keeps the texture, WebGL computes wrong numbers.
POINTWISE = frozenset({"Add", "Clip", "Div", "LeakyRelu", "Mul", "PRelu", "Relu", "Sigmoid", "Sqrt", "Sub"})
# The operators in op-resolve-rules.ts of onnxruntime-web 1.30.0, without those that a test found incorrect.
# WASM has all of ONNX; WebGPU runs nodes that it lacks on WASM.
WEBGL = POINTWISE | {"AveragePool", "Concat", "Conv", "ConvTranspose", "DepthToSpace", "Gemm"}
WEBGL |= {"GlobalAveragePool", "MatMul", "MaxPool", "Pad", "ReduceMax", "ReduceMean", "Reshape", "Resize"}
WEBGL |= {"Slice", "Softmax", "Squeeze", "Transpose"}
VIEWS = frozenset(
    {"Flatten", "Reshape", "Squeeze", "Unsqueeze"}
)  # operators over which WebGL keeps the texture
SEEDS = 4  # pictures of noise
PHOTOS = 4  # the first of calibration.photos: two people, two objects
# The build fails only this far above a gate; the tests check the gate itself. Processors sum float32 in
# different orders (7e-5 was measured), and a build must not fail for that.
SLACK = 4e-4
PROBABILITIES = frozenset({"mask", "parts", "presence", "presence_probability", "scores"})
FLOATS = PROBABILITIES | {
    "faces",
    "pose",
    "points",
    "features",
}  # outputs that app/core/card.py declares as float32
# Scores above this count. MoveNet as published, in integers, and in float32 differ by at most 0.031 of the
# picture in the position of such a point; above 0.3, one in 60 jumps across half of the picture.
SURE = 0.4
SAME = 1e-3  # largest difference of a wrapped graph from the reference


@lru_cache(maxsize=16)
def pictures(height: int, width: int, kind: str) -> tuple[Array, ...]:
    """uint8 [1,height,width,4] each, alpha 255, read-only; `kind` is "noise" or "photo"."""
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
    result = tuple(np.dstack([p, np.full((height, width), 255, np.uint8)])[None] for p in planes)
    for picture in result:
        picture.flags.writeable = False
    return result


def planes(card: Card, picture: Array) -> Array:
    """`picture` uint8 [1,H,W,4] as the input of the published network, float32 [1,H,W,3]."""
    scaled: Array = picture[..., :3].astype(np.float32) * np.float32(card.scale) + np.float32(card.offset)
    return scaled


def parity(card: Card, fetched: Fetched, imported: onnx.ModelProto) -> dict[str, float | str]:
    """The largest difference from the published model on noise and on photos, relative to the outputs' range.

    The range of a probability is 1, that of another output is its range over the pictures. For the output
    `pose`, only positions count whose score in the published model is above SURE: the others come from flat
    heat maps and jump with the rounding of an integer model. Where the runtime of the published model is
    missing, the value is "not measured: " and the reason. Raises UserError where a difference exceeds its
    gate by SLACK or an output is not finite.
    """
    if not card.gates:
        return {}
    session = Session(imported.SerializeToString(), threads=1, dimensions=dimensions(card))
    names = card.outputs or {value.name: value.name for value in imported.graph.output}
    cases = [(kind, p) for kind in card.gates for p in pictures(card.input.height, card.input.width, kind)]
    x = np.concatenate([planes(card, picture) for _, picture in cases])
    try:
        values = runners.run(fetched.source.format, fetched.files, x, names)
    except runners.MissingRuntimeError as error:
        return dict.fromkeys(card.gates, f"not measured: {error}")
    rows = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    mine = [session.run_now({"picture": row[None]}) for row in rows]
    result: dict[str, float | str] = {}
    for kind, gate in card.gates.items():
        places = [place for place, (of, _) in enumerate(cases) if of == kind]
        worst = 0.0
        for role, theirs in runners.in_graph_layout(imported, values).items():
            theirs = theirs.reshape(len(cases), *mine[0][role].shape)
            ours = np.stack([mine[place][role] for place in places])
            worst = max(worst, _difference(role, ours, theirs[places]))
        result[kind] = worst
        if not worst <= gate + SLACK:
            raise UserError(
                f"{card.id}: on {kind}, the output differs from the published model by {worst:.2g} of its "
                f"range; the gate is {gate:.2g}. Check [input] and [outputs] of the card, or raise the gate."
            )
    return result


def _difference(role: str, ours: Array, theirs: Array) -> float:
    """The largest difference, relative to the range.

    inf where either side is not finite, and for a pose without a high score.
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
    """The free dimensions of a card's graphs at its input size; empty where the graphs have none."""
    return {"height": card.input.height, "width": card.input.width} if card.sizes else {}


def same(card: Card, imported: onnx.ModelProto, graphs: Sequence[bytes], rgba: str) -> float:
    """The largest difference of the outputs of wrapped graphs from the reference (reference.py).

    Measured on noise and photos at every size of the card; keep is 0, so memory must not matter. Raises
    UserError for a wrong shape or type, for a probability outside 0..1, and for a difference above SAME.
    """
    worst = 0.0
    for sized in [card, *(resized(card, size.input.height, size.input.width) for size in card.sizes)]:
        network = Session(imported.SerializeToString(), threads=1, dimensions=dimensions(sized))
        sessions = [Session(graph, threads=1, dimensions=dimensions(sized)) for graph in graphs]
        for kind in ("noise", "photo"):
            many = pictures(sized.input.height, sized.input.width, kind)
            for picture in many if sized is card else many[:1]:
                outputs = run(sized, sessions, picture.astype(rgba))
                x = np.ascontiguousarray(planes(card, picture).transpose(0, 3, 1, 2))
                expected = reference.expected_outputs(sized, network.run_now({"picture": x}))
                worst = float(np.maximum(worst, _compare(sized, outputs, expected)))
    if not worst <= SAME:
        raise UserError(
            f"{card.id}: the wrapped graph differs from its network by {worst:.2g}, more than {SAME}."
        )
    return worst


def run(card: Card, sessions: Sequence[Session], rgba: Array) -> dict[str, Array]:
    """The outputs of a variant for bytes [1,H,W,4] of its own type, without smoothing (keep is 0)."""
    memory = np.random.default_rng(1).random((1, 1, *card.mask), np.float32)
    feeds: dict[str, Array] = {"rgba": rgba, "memory": memory, "keep": np.zeros(1, np.float32)}
    outputs: dict[str, Array] = {}
    for session in sessions:
        if "faces" in session.inputs:
            outputs["faces"] = reference.selected_faces(outputs["candidates"])
        outputs |= session.run_now({name: {**feeds, **outputs}[name] for name in session.inputs})
    return outputs


def loss(card: Card, exact: Sequence[bytes], candidate: Sequence[bytes], rgba: str) -> dict[str, float]:
    """The loss by metric of the graphs of a `candidate` against those of float32 (`exact`)."""
    both = []
    for graphs in (exact, candidate):
        sessions = [Session(graph, threads=1, dimensions=dimensions(card)) for graph in graphs]
        both.append(
            [run(card, sessions, picture.astype(rgba)) for picture in calibration.evaluation_pictures(card)]
        )
    return metrics.loss(card.kind, card.input, *both)


def resized(card: Card, height: int, width: int) -> Card:
    """The card at another of its sizes; the Mask has the size of the input."""
    mask = (height, width) if card.mask != (0, 0) else card.mask
    return replace(card, input=replace(card.input, height=height, width=width), mask=mask)


def _compare(card: Card, outputs: Mapping[str, Array], expected: Mapping[str, Array]) -> float:
    worst = 0.0
    for name, answer in (*expected.items(), *([("mask", None)] if card.mask != (0, 0) else [])):
        shape = (1, 1, *card.mask) if answer is None else answer.shape
        value = outputs.get(name)
        if value is None or value.shape != shape or (name in FLOATS and value.dtype != np.float32):
            actual = "missing" if value is None else f"{value.dtype} {list(value.shape)}"
            raise UserError(f"{card.id}: the output {name} is {actual}, not float32 {list(shape)}.")
        if not np.isfinite(value).all():
            raise UserError(f"{card.id}: the output {name} has numbers that are not finite.")
        if name in PROBABILITIES and not 0 <= value.min() <= value.max() <= 1:
            raise UserError(f"{card.id}: the output {name} has numbers outside 0..1.")
        if answer is None:
            continue
        answer = answer.astype(np.float64)  # bytes and booleans too
        scope = max(1.0, float(np.nanmax(answer) - np.nanmin(answer)))
        difference = np.abs(value.astype(np.float64) - answer)
        worst = float(np.maximum(worst, np.nanmax(difference) / scope))  # max() would ignore NaN
    return worst


def operators(graphs: Iterable[onnx.ModelProto], backends: Iterable[str]) -> list[str]:
    """The operators used, sorted. Raises UserError for one that a backend lacks or computes incorrectly."""
    used: set[str] = set()
    for model in graphs:
        used |= {node.op_type for node in model.graph.node}
        if "webgl" not in backends:
            continue
        if lacking := [node for node in model.graph.node if node.op_type not in WEBGL]:
            kinds = ", ".join(sorted({node.op_type for node in lacking}))
            first = lacking[0].name or lacking[0].output[0]
            raise UserError(f"WebGL does not support {kinds} (the first is node {first!r}).")
        views = {o for node in model.graph.node if node.op_type in VIEWS for o in node.output}
        for node in model.graph.node:
            if node.op_type in POINTWISE and views & set(node.input):
                raise UserError(
                    f"WebGL computes {node.op_type} {node.output[0]} incorrectly: it follows a Reshape."
                )
    return sorted(used)
