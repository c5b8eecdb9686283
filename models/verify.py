"""Proof that a model is still the published one: parity, shapes and operators, or a Failure.

Does not run browsers (the page tests do) and changes nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from app.faces import select
from app.native.session import Session
from models.cards import Card

Array = NDArray[Any]

# WebGL's list is onnxruntime-web 1.30.0's op-resolve-rules.ts, less what a test found wrong there.
# WASM has all of ONNX; WebGPU hands what it lacks to WASM, node by node.
# WebGL computes these by texture coordinate, and a Reshape keeps the texture: wrong numbers, silently.
POINTWISE = frozenset({"Add", "Clip", "Div", "LeakyRelu", "Mul", "Relu", "Sigmoid", "Sqrt", "Sub"})
WEBGL = POINTWISE | {"AveragePool", "Concat", "Conv", "ConvTranspose", "DepthToSpace", "Gemm"}
WEBGL |= {
    "GlobalAveragePool",
    "MatMul",
    "MaxPool",
    "Pad",
    "ReduceMax",
    "Reshape",
    "Resize",
    "Slice",
    "Transpose",
}
SEEDS = 4  # pictures of noise
# The build stops above this many times a gate; the tests hold the gate itself. Processors round
# differently (7e-5 is rounding: float32 sums in another order), and nobody's build may fail for it.
SLACK = 5


class Failure(ValueError):
    """A model that is not what it should be; the message says which gate it missed and by how much."""


def photos() -> Iterator[tuple[str, Array]]:
    """(name, uint8 [h,w,3]): the people and things that scikit-image carries in its package."""
    from skimage import data

    for name in ("astronaut", "camera", "coffee", "chelsea"):
        picture = getattr(data, name)()
        yield name, np.stack([picture] * 3, -1) if picture.ndim == 2 else picture


def pictures(height: int, width: int, kind: str) -> list[Array]:
    """uint8 [1,height,width,4], alpha 255, kind "noise" or "photo"."""
    from PIL import Image

    if kind == "noise":
        rng = np.random.default_rng(height * width)
        planes = [rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(SEEDS)]
    else:
        planes = [np.asarray(Image.fromarray(p).resize((width, height))) for _, p in photos()]
        planes += [plane[::-1] for plane in planes[:1]]
    return [np.dstack([p, np.full((height, width), 255, np.uint8)])[None] for p in planes]


def parity(card: Card, published: bytes, imported: onnx.ModelProto) -> dict[str, float | str]:
    """Largest difference from the published model by kind of picture, as a part of the output's range.

    A probability's range is 1; that of other outputs is measured on the same pictures. "not measured"
    where ai-edge-litert has no wheel for the platform. Raises Failure far above the card's gates.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return dict.fromkeys(card.gates, "not measured")
    # XNNPACK, the default delegate, is needed: it alone knows Convolution2DTransposeBias.
    published_model = Interpreter(model_content=published, num_threads=1)
    published_model.allocate_tensors()
    (taken,) = published_model.get_input_details()
    session = Session(imported.SerializeToString(), threads=1)
    (name,) = session.inputs
    given = [(f"t{d['index']}", d["index"]) for d in published_model.get_output_details()]
    found: dict[str, float | str] = {}
    for kind, gate in card.gates.items():
        ours: dict[str, list[Array]] = {}
        theirs: dict[str, list[Array]] = {}
        for picture in pictures(card.input.height, card.input.width, kind):
            x = picture[..., :3].astype(np.float32) * np.float32(card.scale) + np.float32(card.offset)
            published_model.set_tensor(taken["index"], x)
            published_model.invoke()
            values = session.run_now({name: np.ascontiguousarray(x.transpose(0, 3, 1, 2))})
            for output, index in given:
                value = values[output]
                ours.setdefault(output, []).append(value.transpose(0, 2, 3, 1) if value.ndim == 4 else value)
                theirs.setdefault(output, []).append(published_model.get_tensor(index))
        worst = 0.0
        for output in ours:
            a, b = np.stack(ours[output]), np.stack(theirs[output])
            scope = 1.0 if card.kind == "segmenter" else float(np.ptp(b))
            worst = max(worst, float(np.abs(a - b).max()) / scope)
        found[kind] = worst
        if not worst <= SLACK * gate:
            raise Failure(
                f"{card.id}: {kind} is {worst:.2g} of the range off the published model, gate {gate:.2g}"
            )
    return found


def same(card: Card, imported: onnx.ModelProto, graphs: Sequence[bytes], rgba: str) -> float:
    """Largest difference of a stored variant's mask from the imported network's, on noise and photos.

    The imported network's mask is its probability (a segmenter), or that of the variant's own graph for
    the faces chosen by app.faces.select (a detector; the faces are compared as well). keep is 0, so
    memory must not matter. Raises Failure for another shape, or above 1e-3.
    """
    sessions = [Session(graph, threads=1) for graph in graphs]
    reference = Session(imported.SerializeToString(), threads=1)
    (name,) = reference.inputs
    memory = np.random.default_rng(1).random((1, 1, *card.mask), np.float32)
    still = {"memory": memory, "keep": np.zeros(1, np.float32)}
    worst = 0.0
    for kind in ("noise", "photo"):
        for picture in pictures(card.input.height, card.input.width, kind):
            feeds = {"rgba": picture.astype(rgba), **still}
            outputs: dict[str, Array] = {}
            for session in sessions:
                if "faces" in session.inputs:
                    outputs["faces"] = _select(outputs["candidates"])
                have = {**feeds, **outputs}
                outputs |= session.run_now({i: have[i] for i in session.inputs})
            planes = picture[..., :3].astype(np.float32) * np.float32(card.scale) + np.float32(card.offset)
            values = reference.run_now({name: np.ascontiguousarray(planes.transpose(0, 3, 1, 2))})
            worst = max(worst, _compare(card, outputs, list(values.values())))
    if not worst <= 1e-3:
        raise Failure(f"{card.id}: a fused graph differs from the network it is made of by {worst:.2g}")
    return worst


def _select(candidates: Array) -> Array:
    return np.array(select(array("f", candidates.astype(np.float32).tobytes())), np.float32).reshape(5, 17)


def _compare(card: Card, outputs: dict[str, Array], values: list[Array]) -> float:
    mask = outputs["mask"]
    if (
        mask.shape != (1, 1, *card.mask)
        or mask.dtype != np.float32
        or not (0 <= mask.min() <= mask.max() <= 1)
    ):
        raise Failure(
            f"{card.id}: mask is {mask.dtype} {mask.shape}, not float32 {(1, 1, *card.mask)} within 0..1"
        )
    if card.kind == "segmenter":
        return float(np.abs(mask - values[0]).max())
    return float(np.abs(outputs["faces"] - _select(decode(values, card.input.height))).max())


def decode(values: list[Array], size: int) -> Array:
    """BlazeFace's raw outputs to candidates [896,17], written apart from fuse.py to check it.

    MediaPipe's TensorsToDetectionsCalculator with x, y, w, h and all scales `size`.
    """
    raw, logits = sorted((value[0] for value in values), key=lambda value: -value.shape[1])
    cells = [
        (side, (i % side + 0.5) / side, (i // side + 0.5) / side)
        for side in (16, 8)
        for i in range(side * side)
    ]
    centres = np.array([(x, y) for side, x, y in cells for _ in range(2 if side == 16 else 6)])
    points = raw.reshape(len(raw), 8, 2) / size
    centre, extent, marks = points[:, 0] + centres, points[:, 1], points[:, 2:] + centres[:, None]
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(float), -100, 100)))
    parts = (scores, centre - extent / 2, centre + extent / 2, marks.reshape(len(raw), 12))
    return np.concatenate(parts, 1).astype(np.float32)


def operators(graphs: Iterable[onnx.ModelProto], backends: Iterable[str]) -> list[str]:
    """The operators used, sorted. Raises Failure for one that a backend lacks or gets wrong."""
    used: set[str] = set()
    for model in graphs:
        used |= {node.op_type for node in model.graph.node}
        if "webgl" not in backends:
            continue
        if lacking := used - WEBGL:
            raise Failure(f"webgl has no {', '.join(sorted(lacking))}")
        views = {o for node in model.graph.node if node.op_type == "Reshape" for o in node.output}
        for node in model.graph.node:
            if node.op_type in POINTWISE and views & set(node.input):
                raise Failure(
                    f"webgl would compute {node.op_type} {node.output[0]} wrong: it follows a Reshape"
                )
    return sorted(used)
