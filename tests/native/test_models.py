"""build_models: the files it writes, its cache, and a model whose sources are missing."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from app.core.card import ModelCard, from_dict, to_dict
from app.native.engine import opened_graph
from app.native.session import Session
from models import beside, build, make
from models.report import report
from models.sources import download, fetch
from models.spec import cards
from models.spec.card import VariantSpec

FEW = ("blazeface", "facemesh", "selfie-landscape")  # small, of packages; test_parity.py has every card


@pytest.fixture(scope="module")
def few() -> Iterator[None]:
    """build_models makes these cards only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "read_all", lambda: [cards.read(cards.FOLDER / f"{id}.toml") for id in FEW])
        yield


@pytest.fixture(scope="module")
def built(few: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[ModelCard]]:
    folder = tmp_path_factory.mktemp("models")
    out, cache = folder / "out", folder / "cache"
    return out, cache, build.build_models(out, lambda _: None, cache)


def test_graphs_are_named_by_their_content(built: tuple[Path, Path, list[ModelCard]]) -> None:
    out, _, cards = built
    graphs = [graph for card in cards for variant in card.variants for graph in variant.graphs]
    assert graphs
    for graph in graphs:
        data = (out / graph.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (graph.bytes, graph.sha256)
        assert graph.sha256[:8] in graph.path


def test_every_backend_a_card_names_is_served(built: tuple[Path, Path, list[ModelCard]]) -> None:
    for card in built[2]:
        if not card.missing:
            named = cards.read(cards.FOLDER / f"{card.id}.toml").variants
            served = [b for v in card.variants if not v.needs for b in v.backends]
            assert sorted(served) == sorted({b for wanted in named for b in wanted.backends})


def test_a_variant_that_loses_too_much_is_left_out(tmp_path: Path) -> None:
    """Its backends get float32 instead, and the report says why."""
    card = cards.read(cards.FOLDER / "blazeface.toml")
    card = replace(
        card, id="strict", loss={"points": 1e-9}, variants=(VariantSpec("int8", ("wasm-ort",), "int8"),)
    )
    try:
        fetched = fetch.fetch(card, lambda _: None)
    except fetch.MissingSourceError as error:
        pytest.skip(str(error))
    (tmp_path / "models").mkdir()
    said: list[str] = []
    made = make.make(card, fetched, tmp_path, said.append)
    assert [(v.id, v.backends) for v in made.variants] == [("fp32-wasm-ort", ("wasm-ort",))]
    assert "exceeds the gate 1e-09" in made.report["refused"]["int8"]
    assert any("int8 does not ship" in line for line in said)
    assert {path.name for path in (tmp_path / "models").iterdir()} == {
        Path(graph.path).name for graph in made.graphs
    }


def test_mattes_are_made_for_every_size(tmp_path: Path) -> None:
    """Sizes are odd (113 x 161), and the matte is as large as the input."""
    card = cards.read(cards.FOLDER / "blazeface.toml")
    card = replace(card, sizes=cards.read(cards.FOLDER / "bodypix.toml").sizes)
    (tmp_path / "models").mkdir()
    sized = beside.with_graphs(card.model_card(), card, onnx.ModelProto(), tmp_path)
    assert all(size.matte is not None for size in sized.sizes)
    for size in sized.sizes:
        assert size.matte is not None
        session = opened_graph(tmp_path, size.matte)
        height, width = size.input.height, size.input.width
        feeds: dict[str, NDArray[Any]] = {
            "rgba": np.zeros((1, height, width, 4), np.uint8),
            "mask": np.ones((1, 1, *size.mask), np.float32),
            "softness": np.array([0.2], np.float32),
        }
        matte = session.run_now(feeds)["matte"]
        assert matte.shape == (1, height, width, 4)
        assert (matte[..., 3] == 255).all()


def test_the_second_run_makes_nothing(built: tuple[Path, Path, list[ModelCard]]) -> None:
    out, cache, cards = built
    said: list[str] = []
    start = perf_counter()
    again = build.build_models(out, said.append, cache)
    assert perf_counter() - start < 1  # 0.09 s with the start of Python on a quiet machine
    assert [line for line in said if "making" in line] == []
    assert again == [from_dict(json.loads(json.dumps(to_dict(card)))) for card in cards]


def test_the_report_is_written_without_a_script_inside(built: tuple[Path, Path, list[ModelCard]]) -> None:
    out, _, cards = built
    assert [from_dict(row).id for row in json.loads((out / "models.json").read_text("utf-8"))] == [
        card.id for card in cards
    ]
    page = (out / "models.html").read_text("utf-8")
    assert "<script>" not in page
    assert "style=" not in page
    assert all(card.title in page and card.id in report.text(cards) for card in cards)


def test_without_a_source_the_model_is_left_out(
    few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FaceMesh's second source is an address: nothing is asked of the network here."""

    def unreachable(*_: object, **__: object) -> bytes:
        raise download.UnavailableError("no answer")

    monkeypatch.setattr(fetch, "download", unreachable)
    monkeypatch.setattr(fetch, "CACHE", tmp_path / "files")
    monkeypatch.delenv("VITRINE_MIRROR", raising=False)
    monkeypatch.setattr(fetch, "NODE", tmp_path / "nothing")
    said: list[str] = []
    found = build.build_models(tmp_path / "out", said.append, tmp_path / "cache")
    assert all(card.missing and not card.variants for card in found)
    assert "is left out: no source has its files" in said[0]
    assert found[0].missing in report.page(found).replace("&#x27;", "'")


def test_a_session_runs_and_says_what_is_wrong(built: tuple[Path, Path, list[ModelCard]]) -> None:
    out, _, cards = built
    card = next(card for card in cards if not card.missing)
    variant = card.variant("wasm-ort")
    assert variant is not None
    session = Session((out / variant.graphs[0].path).read_bytes(), threads=1)
    feeds = {
        "rgba": np.zeros((1, card.input.height, card.input.width, 4), np.uint8),
        "memory": session.blank((1, 1, *card.mask)),
        "keep": session.tensor([0.5], (1,)),
    }
    mask = asyncio.run(session.run(feeds))["mask"]
    assert mask.shape == (1, 1, *card.mask)
    assert len(session.numbers(mask)) == card.mask[0] * card.mask[1]
    with pytest.raises(RuntimeError, match="rgba"):
        session.run_now({})
    asyncio.run(session.close())
    asyncio.run(session.close())
    with pytest.raises(RuntimeError, match="closed"):
        session.run_now(feeds)


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08\x08" * 500])
def test_corrupt_bytes_are_one_sentence(data: bytes) -> None:
    with pytest.raises(ValueError, match="onnxruntime cannot run this model") as error:
        Session(data)
    assert "\n" not in str(error.value)
