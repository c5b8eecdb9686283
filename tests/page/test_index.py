"""Index and cutout graphs on every backend of the real browser, in the page's own Python, against native.

Does not measure time (bench/knn.py does) and does not judge what is near (tests/native/test_index.py does).
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.backend import BACKENDS
from app.core.card import Variant, choose
from app.native.session import Session
from models.graphs import index
from models.graphs.cutout import GREY
from tests.page.drive import Visit
from tests.support.built import DIST, cards

Array = NDArray[Any]
Feeds = dict[str, Array]
INSIDE = Path(__file__).with_name("index_inside.py").read_text("utf-8")
INSIDE += "\nawait inside(runtime, graphs)\n"
# Characters and features: fewer than are shown; as in a gallery; more than a texture is wide.
GALLERIES = ((3, 64), (400, 1280), (9000, 24))
# Differences allowed: whole numbers are the same, a byte may be rounded otherwise.
FEATURES = ("relaxed-simd",)  # of Chromium
NEAR = {"which": 0.0, "likeness": 1e-3, "seen": 1e-3, "cut": 1.0}


class Case(NamedTuple):
    """A graph and what it is shown, run after run."""

    name: str
    files: list[bytes]  # what the page runs: an ONNX file, or a module and its weights
    graph: bytes  # the ONNX file that native onnxruntime runs
    feeds: list[Feeds]


def form(variants: tuple[Variant, ...], backend: str, folder: Path) -> tuple[list[bytes], bytes]:
    """The files of the graph that a backend runs, and the ONNX file of the same work."""
    variant, plain = choose(variants, backend, FEATURES), choose(variants, "wasm-ort", ())
    assert variant is not None and plain is not None
    graph, (same,) = variant.graphs[0], plain.graphs
    files = [(folder / file.path).read_bytes() for file in graph.files]
    return files, files[0] if not graph.weights else (folder / same.path).read_bytes()


def directions(n: int, m: int, seed: int) -> Array:
    """[n,m] float32 of length 1, none negative, as a MobileNet's features are."""
    rows = np.random.default_rng(seed).random((n, m), np.float32) ** 4
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def looks(m: int, more: Mapping[str, Array]) -> list[Feeds]:
    """Two faces, and one of them again with a memory."""
    first, second = directions(2, m, 9) * np.float32(3)
    keeps = ((first, 0.0), (second, 0.0), (first, 0.8))
    memory = directions(1, m, 10)
    return [
        {"features": f[None], "memory": memory, "keep": np.array([k], np.float32), **more} for f, k in keeps
    ]


def indexes(backend: str, folder: Path) -> Iterator[Case]:
    for n, m in GALLERIES:
        rows = directions(n, m, n)
        rows[-1] = rows[0]  # a tie: the first of them comes first
        feeds = looks(m, {})
        feeds.append({**feeds[0], "features": rows[:1]})
        yield Case(f"{n} x {m}", *form(index.indexes(rows, folder, f"g{n}"), backend, folder), feeds)
    gallery = np.zeros((index.USER_ROWS, 1280), np.float32)
    gallery[:7] = directions(7, 1280, 7)
    yield Case(
        "own", *form(index.user_indexes(1280, folder), backend, folder), looks(1280, {"gallery": gallery})
    )


def cutouts(backend: str) -> Iterator[Case]:
    """Of each segmenter in this build, at each of its sizes; what is the same file once.

    WebGL in software takes seconds for the shaders of each size: there at the smallest.
    """
    rng, known = np.random.default_rng(3), set()
    for card in cards().values():
        sizes = card.sizes[:1] if backend == "webgl" else card.sizes
        for each in [card.sized(size.id) for size in sizes] or [card]:
            variant = each.cutout(backend, FEATURES)
            if variant is None or variant.graphs[0].sha256 in known:
                continue
            known.add(variant.graphs[0].sha256)
            files, graph = form(each.cutouts, backend, DIST)
            feeds: Feeds = {"rgba": rng.integers(0, 256, (1, 224, 224, 4)).astype(variant.rgba)}
            for name, shape in Session(graph).inputs.items():
                if name != "rgba":
                    feeds[name] = rng.random(shape, np.float32)
            feeds["mask"][..., feeds["mask"].shape[3] // 2 :] = 0
            if "parts" in feeds:
                feeds["parts"][:, 1] += 0.5  # else hardly a point is the face's
            yield Case(f"{card.id} {each.input.width}", files, graph, [feeds] * 2)


def in_the_page(visit: Visit, backend: str, cases: list[Case], like: list[list[Feeds]]) -> list[list[Feeds]]:
    """The outputs of every run, which come flat, in the shapes and types of `like`."""

    def sent(value: Array) -> dict[str, Any]:
        data = b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"kind": str(value.dtype), "shape": value.shape, "data": data}

    graphs = [
        {
            "files": [b64encode(file).decode() for file in case.files],
            "feeds": [{name: sent(value) for name, value in each.items()} for each in case.feeds],
        }
        for case in cases
    ]
    visit.auxiliary(backend)
    found = json.loads(visit.python(INSIDE, graphs=graphs))
    return [
        [
            {
                name: np.frombuffer(b64decode(text), wanted[name].dtype).reshape(wanted[name].shape)
                for name, text in run.items()
            }
            for run, wanted in zip(runs, wants, strict=True)
        ]
        for runs, wants in zip(found, like, strict=True)
    ]


def natively(case: Case) -> list[Feeds]:
    """The outputs of the ONNX file. It takes and gives bytes, where WebGL's cutout has float32."""
    session, found = Session(case.graph, threads=1), []
    for feeds in case.feeds:
        given = {name: value.astype(np.uint8) if name == "rgba" else value for name, value in feeds.items()}
        outputs = session.run_now(given)
        if "cut" in outputs:
            outputs["cut"] = outputs["cut"].astype(feeds["rgba"].dtype)
        found.append(outputs)
    return found


@pytest.mark.parametrize("backend", list(BACKENDS)[::-1])
def test_a_backends_runtime_computes_what_native_does(visit: Visit, backend: str, tmp_path: Path) -> None:
    visit.open(background="none", backend="wasm", model="selfie-landscape")
    if not visit.python("page.python.unwrap().state.caps.probe.webgl") and backend == "webgl":
        pytest.skip("this Chromium has no WebGL")
    visit.page.evaluate("spy.hide(true)")  # a hidden page draws nothing
    cases = [*indexes(backend, tmp_path), *cutouts(backend)]
    assert {"400 x 1280", "own", "selfie-landscape 256"} <= {case.name for case in cases}
    native = [natively(case) for case in cases]
    apart = []
    for case, ours, theirs in zip(cases, in_the_page(visit, backend, cases, native), native, strict=True):
        for n, (found, wanted) in enumerate(zip(ours, theirs, strict=True)):
            for name, value in wanted.items():
                far = float(np.abs(found[name].astype(float) - value).max())
                apart += [f"{case.name}, run {n}: {name} by {far}"] if not far <= NEAR[name] else []
    assert not apart


def test_a_cutout_cuts() -> None:
    """The pictures given to the graphs above are such that about half of them becomes grey."""
    for case in cutouts("wasm"):
        cut = Session(case.graph, threads=1).run_now(case.feeds[0])["cut"]
        assert 0.2 < (cut[..., :3] == GREY).mean() < 0.8, case.name
