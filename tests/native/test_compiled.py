"""Compiled graphs in wasmtime: modules made by hand, and the gates that compiled models have to keep.

Does not test the compiler.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from app.core.card import Input, from_dict, to_dict
from app.native.compiled import Session
from app.native.session import Session as OrtSession
from models import modules as made
from models.graphs import cutout, matte, tint
from models.graphs.cutout import Maps
from models.spec import cards
from models.variants import compiled
from models.variants.compiled import Program, UnsupportedError
from models.verify import compiled as verify
from tests.native import test_tint
from tests.support import fakes, modules
from tests.support.modules import HEIGHT, WIDTH

RED = np.random.default_rng(4).integers(0, 256, (1, HEIGHT, WIDTH, 4), np.uint8)


def opened() -> Session:
    return Session(modules.module(), modules.weights())


def feeds(keep: float = 0.0, memory: Any = 0.0) -> dict[str, NDArray[Any]]:
    remembered = np.zeros((1, 1, HEIGHT, WIDTH), np.float32) + memory
    return {"rgba": RED, "memory": remembered.astype(np.float32), "keep": np.array([keep], np.float32)}


def test_a_module_computes_what_it_is_fed() -> None:
    session = opened()
    expected = RED[..., 0] / np.float32(255)
    mask = session.run_now(feeds())["mask"]
    assert mask.shape == (1, 1, HEIGHT, WIDTH)
    np.testing.assert_allclose(mask[0], expected, atol=1e-6)
    again = asyncio.run(session.run(feeds(0.5, mask)))["mask"]  # its own output is an input
    np.testing.assert_allclose(again[0], 1.5 * expected, atol=1e-6)
    np.testing.assert_allclose(mask[0], expected, atol=1e-6)  # the next run does not overwrite it


def test_feeds_that_do_not_fit_are_said() -> None:
    session = opened()
    with pytest.raises(RuntimeError, match="keep is missing"):
        session.run_now({name: value for name, value in feeds().items() if name != "keep"})
    with pytest.raises(RuntimeError, match=r"rgba is float32 \[1, 3, 5, 4\], not uint8"):
        session.run_now({**feeds(), "rgba": RED.astype(np.float32)})
    with pytest.raises(RuntimeError, match="memory is float32"):
        session.run_now({**feeds(), "memory": np.zeros(3, np.float32)})


def test_a_closed_session_says_so() -> None:
    session = opened()
    asyncio.run(session.close())
    asyncio.run(session.close())
    with pytest.raises(RuntimeError, match="closed"):
        session.run_now(feeds())


def test_a_trap_is_an_error_of_the_run() -> None:
    layout = {**modules.LAYOUT, "inputs": {}}
    session = Session(modules.module(modules.TRAP, layout), modules.weights())
    with pytest.raises(RuntimeError, match="the compiled model failed"):
        session.run_now({})


def test_files_that_are_damaged_are_said() -> None:
    with pytest.raises(ValueError, match="3 bytes, not 4"):
        Session(modules.module(), b"\0\0\0")
    broken = bytearray(modules.module())
    broken[20] ^= 0xFF
    with pytest.raises(ValueError):
        Session(bytes(broken), modules.weights())


def test_a_program_becomes_two_variants_that_share_their_weights(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    relaxed = modules.module() + modules.section(b"relaxed", b"")
    program = Program(modules.module(), relaxed, modules.weights(), ())
    first, second = compiled.variants(program, "selfie", "selfie-weights", ("wasm",), tmp_path)
    assert (first.needs, second.needs) == ("relaxed-simd", "")
    assert first.graphs[0].weights is not None
    assert first.graphs[0].weights == second.graphs[0].weights
    assert len(list((tmp_path / "models").iterdir())) == 3
    card = replace(fakes.SELFIE, compiled=(first, second))
    assert from_dict(to_dict(card)) == card
    assert card.variant("wasm", ["relaxed-simd"]) == first
    assert card.variant("wasm") == second
    assert {Path(file.path).suffix for v in card.compiled for g in v.graphs for file in g.files} == {
        ".wasm",
        ".bin",
    }
    assert first.graphs[0].weights in card.graphs
    alike = replace(program, relaxed=program.simd)
    assert [v.needs for v in compiled.variants(alike, "a", "a-weights", ("wasm",), tmp_path)] == [""]


def test_a_model_that_cannot_be_compiled_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> Program:
        raise UnsupportedError("Erf (node 'a'): it is not supported.")

    monkeypatch.setattr(made, "compile_graph", refused)
    card = cards.read(cards.FOLDER / "selfie.toml")
    said: list[str] = []
    any_model = onnx.ModelProto()
    model = made.with_modules(card.model_card(), card, "int8", [any_model], "uint8", tmp_path, said.append)
    assert model.uncompiled == "Erf (node 'a'): it is not supported"
    assert not model.compiled and "not compiled: Erf" in said[0]
    two = made.with_modules(card.model_card(), card, "int8", [any_model] * 2, "uint8", tmp_path, said.append)
    assert two.uncompiled == "its graphs need Python between them"


@pytest.mark.parametrize(
    ("output", "value", "kept"),
    [("mask", 4e-4, True), ("mask", 6e-4, False), ("faces", 0.9, True), ("faces", 1.1, False),
     ("features", 9e-4, True), ("features", 2e-3, False), ("other", float("nan"), False)],
)  # fmt: skip
def test_a_difference_above_its_gate_is_said(output: str, value: float, kept: bool) -> None:
    assert (verify.missed({output: value}) == []) is kept


def both(model: onnx.ModelProto, feeds: dict[str, NDArray[Any]], **dimensions: int) -> tuple[Any, ...]:
    """The outputs of a graph in onnxruntime, and of its two modules in wasmtime."""
    program = compiled.compile_graph(model, dimensions or None)
    native = OrtSession(model.SerializeToString(), threads=1, dimensions=dimensions)
    found = [Session(module, program.weights).run_now(feeds) for module in (program.simd, program.relaxed)]
    return native.run_now(feeds), *found


@pytest.mark.parametrize(
    ("size", "mask"),
    [((144, 256), (144, 256)), ((113, 161), (113, 161)), ((128, 128), (64, 64)), ((192, 192), (48, 96))],
    ids=str,
)
def test_a_compiled_matte_is_onnxruntimes(size: tuple[int, int], mask: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    feeds: dict[str, NDArray[Any]] = {
        "rgba": rng.integers(0, 256, (1, *size, 4), np.uint8),
        "mask": rng.random((1, 1, *mask), np.float32),
        "softness": np.array([0.2], np.float32),
    }
    wanted, *found = both(matte.graph(*size, mask), feeds)
    for outputs in found:
        apart = np.abs(outputs["matte"].astype(int) - wanted["matte"])
        assert apart.max() <= 1 and (apart > 0).mean() < 1e-3  # a level of 255, where both sides round


def test_a_matte_that_cannot_be_compiled_is_onnxruntimes(tmp_path: Path) -> None:
    """The Mask of a model that somebody adds may have any size."""
    (tmp_path / "models").mkdir()
    stored = compiled.graph("odd-matte", "matte-weights", matte.graph(64, 64, (48, 48)), tmp_path)
    assert stored.weights is None
    assert Path(stored.path).suffix == ".onnx"
    assert OrtSession((tmp_path / stored.path).read_bytes()).inputs["mask"] == (1, 1, 48, 48)


def test_a_compiled_tint_is_onnxruntimes() -> None:
    rows, columns, height, width = 8, 11, 113, 161
    model = tint.graph(test_tint.sized(height, width), test_tint.network(rows, columns))
    assert model is not None
    rng = np.random.default_rng(2)
    feeds: dict[str, NDArray[Any]] = {
        "parts": rng.random((1, test_tint.PARTS, rows, columns), np.float32),
        "mask": rng.random((1, 1, height, width), np.float32),
    }
    size = {"rows": rows, "columns": columns, "height": height, "width": width, "high": 57, "wide": 81}
    wanted, *found = both(model, feeds, **size)
    for outputs in found:
        apart = np.abs(outputs["tint"].astype(int) - wanted["tint"]).max(3)
        assert (apart > 1).mean() < 1e-3  # where two parts are equally likely


@pytest.mark.parametrize("rgba", ["uint8", "float32"])
@pytest.mark.parametrize("maps", [Maps((144, 256)), Maps((113, 161), (8, 11))], ids=["mask", "parts"])
def test_a_compiled_cutout_is_onnxruntimes(maps: Maps, rgba: str) -> None:
    rng = np.random.default_rng(3)
    model = cutout.graph(maps, Input(*maps.mask, "letterbox"), rgba)
    feeds: dict[str, NDArray[Any]] = {
        "rgba": rng.integers(0, 256, (1, 224, 224, 4)).astype(rgba),
        "mask": rng.random((1, 1, *maps.mask), np.float32),
    }
    if maps.parts:
        feeds["parts"] = rng.random((1, 24, *maps.parts), np.float32)
    wanted, *found = both(model, feeds)
    for outputs in found:
        assert outputs["cut"].dtype == rgba
        assert np.abs(outputs["cut"].astype(float) - wanted["cut"]).max() <= 1
