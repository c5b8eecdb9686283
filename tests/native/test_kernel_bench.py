"""What bench/kernels.py measures: the graphs of a build with their inputs, and the modules of the peak.

Does not time anything and starts no browser.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import wasmtime

from app.core.card import from_dict
from bench import _kernel_graphs, _kernel_peak
from publish import DIST


def test_every_model_and_what_runs_beside_it_is_measured() -> None:
    cards = [from_dict(row) for row in json.loads((DIST / "manifest.json").read_text("utf-8"))["models"]]
    subjects = _kernel_graphs.read(DIST)
    assert len({subject.title for subject in subjects}) == len(subjects)
    for card in cards:
        if not card.missing:
            models = [each for each in subjects if each.card == card.id and not each.role]
            assert [each.size for each in models] == ([size.id for size in card.sizes] or [""])
            assert sum(each.is_model for each in models) == 1
    assert {each.role.split()[0] for each in subjects if each.role} == {"matte", "cutout", "tint", "index"}


def test_inputs_fit_their_graphs() -> None:
    for subject in _kernel_graphs.read(DIST):
        for value in subject.model.graph.input:
            feed, kind = subject.feeds[value.name], value.type.tensor_type
            known = [dim.dim_value or subject.dimensions[dim.dim_param] for dim in kind.shape.dim]
            assert list(feed.shape) == known and np.isfinite(feed).all()


@pytest.mark.parametrize("relaxed", _kernel_peak.KINDS.values(), ids=list(_kernel_peak.KINDS))
@pytest.mark.parametrize("accumulators", _kernel_peak.ACCUMULATORS)
def test_the_peak_is_of_sums_that_are_computed(accumulators: int, relaxed: bool) -> None:
    """x / 2 + 1, again and again, is 2."""
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    module = wasmtime.Module(engine, _kernel_peak.module(accumulators, relaxed))
    exports: Any = wasmtime.Instance(store, module, []).exports(store)
    exports["run"](store)
    sums = np.frombuffer(exports["memory"].read(store, 0, 16 * accumulators + 16), np.float32)
    np.testing.assert_array_equal(sums, [2.0] * 4 * accumulators + [0.0] * 4)


@pytest.mark.parametrize("pixels", _kernel_peak.PIXELS)
def test_tiles_of_each_size_are_another_kernel(pixels: int) -> None:
    program = _kernel_peak.tiled(pixels)
    title, macs = program.steps[int(_kernel_peak.DENSE.removeprefix("step"))]
    assert title.startswith("dense") and macs == _kernel_peak.TILED_MACS
    assert program.simd != _kernel_peak.tiled(pixels % 8 + 1).simd
