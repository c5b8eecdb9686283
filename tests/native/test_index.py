"""The index graphs, compiled and in onnxruntime, compared with a search in NumPy.

Does not compute features.
"""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core import gallery
from app.core.backend import BACKENDS
from app.native.engine import opened_graph
from models.graphs import index

Array = NDArray[Any]
M = 96  # features; 1,280 of a MobileNet take longer and are computed the same way
FORMS = ("index", "compiled", "compiled-relaxed")


def directions(n: int, m: int = M, seed: int = 0) -> Array:
    """[n,m] float32 of length 1, none negative, as a MobileNet's features are."""
    rows = np.random.default_rng(seed).random((n, m), np.float32) ** 4
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def opened(variants: tuple[Any, ...], folder: Path, form: str = "index") -> Any:
    (variant,) = (v for v in variants if v.id == form)
    return opened_graph(folder, variant.graphs[0], threads=1)


def near(session: Any, face: Array, keep: float = 0.0, memory: Array | None = None, **more: Array) -> Any:
    """The outputs, without their first axis."""
    blank = np.zeros_like(face)[None] if memory is None else memory[None]
    feeds = {"features": face[None], "memory": blank, "keep": np.array([keep], np.float32), **more}
    return {name: value[0] for name, value in session.run_now(feeds).items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [1, 2, 9, 10, 37, 700])
def test_the_nearest_are_numpys(count: int, form: str, tmp_path: Path) -> None:
    rows = directions(count)
    session = opened(index.indexes(rows, tmp_path, "g"), tmp_path, form)
    for face in directions(20, seed=1):
        cosines = rows @ face
        found = near(session, face * np.float32(7))  # a face's features have any length
        k = min(count, gallery.NEAREST)
        assert found["which"].shape == found["likeness"].shape == (k,)
        which = found["which"].astype(int)
        assert sorted(set(which)) == sorted(which)
        assert all(a >= b for a, b in pairwise(found["likeness"].tolist()))
        # Rows are stored in bytes: who is nearer by less than this may change places.
        assert found["likeness"] == pytest.approx(cosines[which], abs=2e-3)
        assert cosines[which] == pytest.approx(np.sort(cosines)[::-1][:k], abs=4e-3)


def test_forms_say_the_same(tmp_path: Path) -> None:
    made = index.indexes(directions(500), tmp_path, "g")
    one, *others = (opened(made, tmp_path, form) for form in FORMS)
    for face, other in product(directions(30, seed=2), others):
        first, second = near(one, face), near(other, face)
        assert (first["which"] == second["which"]).all()
        assert first["likeness"] == pytest.approx(second["likeness"], abs=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_a_face_is_smoothed_with_its_memory(form: str, tmp_path: Path) -> None:
    rows = directions(60)
    session = opened(index.indexes(rows, tmp_path, "g"), tmp_path, form)
    first, second = directions(2, seed=3)
    seen = near(session, first * np.float32(5))["seen"]
    assert seen == pytest.approx(first, abs=1e-5)
    found = near(session, second * np.float32(0.2), 0.7, seen)
    mixed = 0.7 * first + 0.3 * second
    assert found["seen"] == pytest.approx(mixed, abs=1e-5)
    expected = np.sort(rows @ mixed / np.linalg.norm(mixed))[::-1][:10]
    assert found["likeness"] == pytest.approx(expected, abs=4e-3)


@pytest.mark.parametrize("form", FORMS)
def test_several_faces_together_are_their_mean(form: str, tmp_path: Path) -> None:
    session = opened(index.indexes(directions(60), tmp_path, "g"), tmp_path, form)
    faces, seen = directions(4, seed=4), np.zeros(M, np.float32)
    for i, face in enumerate(faces):
        seen = near(session, face, i / (i + 1), seen)["seen"]
    assert seen == pytest.approx(faces.mean(0), abs=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_of_equals_the_first_comes_first(form: str, tmp_path: Path) -> None:
    rows = directions(40)
    rows[[3, 17, 18, 39]] = rows[17]
    session = opened(index.indexes(rows, tmp_path, "g"), tmp_path, form)
    assert near(session, rows[17])["which"][:4].tolist() == [3, 17, 18, 39]
    every = opened(index.indexes(np.repeat(rows[:1], 30, axis=0), tmp_path, "e"), tmp_path, form)
    assert near(every, rows[5])["which"].tolist() == list(range(10))


@pytest.mark.parametrize("form", FORMS)
def test_a_face_without_features_gives_numbers(form: str, tmp_path: Path) -> None:
    session = opened(index.indexes(directions(20), tmp_path, "g"), tmp_path, form)
    found = near(session, np.zeros(M, np.float32))
    assert found["likeness"] == pytest.approx(0, abs=1e-6)
    assert found["which"].tolist() == list(range(10))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [1, 4, 256])
def test_own_pictures_are_an_input(count: int, form: str, tmp_path: Path) -> None:
    session = opened(index.user_indexes(M, tmp_path), tmp_path, form)
    rows = np.zeros((index.USER_ROWS, M), np.float32)
    rows[:count] = directions(count) * np.float32(3)  # of any length
    for face in directions(10, seed=5):
        cosines = rows[:count] @ face / 3
        found = near(session, face, gallery=rows)
        k = min(count, 10)
        assert found["which"][:k].tolist() == np.argsort(-cosines, kind="stable")[:k].tolist()
        assert found["likeness"][:k] == pytest.approx(np.sort(cosines)[::-1][:k], abs=1e-5)
        assert (found["which"][k:] >= count).all()
        assert (found["likeness"][k:] < -1).all()


def alike(n: int, m: int) -> Array:
    """[n,m] float32 of length 1: mixtures of a few, as pictures' features are; the last is the first."""
    rng = np.random.default_rng(6)
    rows = (rng.random((n, 40), np.float32) ** 6) @ directions(40, m, 7) * (0.8 + 0.4 * rng.random((n, m)))
    rows[-1] = rows[0]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("numbers", [300, 160])
def test_a_large_gallery_is_reduced(numbers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = alike(3000, 300)
    monkeypatch.setattr(index, "EXACT", rows.size - 1)
    monkeypatch.setattr(index, "BYTES", len(rows) * numbers)
    (variant,) = made = index.indexes(rows, tmp_path, "g")  # compiled, it would be four times as large
    assert variant.backends == ("wasm", "wasm-ort", "webgpu")
    assert variant.bytes < len(rows) * (numbers + 4) + 300 * (2 * numbers + 16) + 4000
    session = opened(made, tmp_path)
    rng, hits = np.random.default_rng(8), []
    for n in range(60):
        face = rows[n] * (0.8 + 0.4 * rng.random(300, np.float32))
        cosines = rows @ face / np.linalg.norm(face)
        found = near(session, face)
        which = found["which"].astype(int)
        assert found["likeness"] == pytest.approx(cosines[which], abs=0.005 if numbers == 300 else 0.01)
        hits.append(len({*which[:5]} & {*np.argsort(-cosines)[:5]}) / 5)
    assert np.mean(hits) > (0.97 if numbers == 300 else 0.9)
    assert near(session, rows[0])["which"][:2].tolist() == [0, 2999]  # of equals the first


def test_the_list_is_no_longer_than_the_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "EXACT", 0)
    rows = directions(12)
    session = opened(index.indexes(rows, tmp_path, "g"), tmp_path)
    for n, face in enumerate(rows):
        assert near(session, face)["which"][0] == n


def test_names_are_by_content(tmp_path: Path) -> None:
    made = index.indexes(directions(20), tmp_path, "five")
    again = index.indexes(directions(20), tmp_path, "five")
    other = index.indexes(directions(20, seed=1), tmp_path, "five")
    assert made == again
    assert not {v.graphs[0].files[-1] for v in made} & {v.graphs[0].files[-1] for v in other}
    for variant in (*made, *index.user_indexes(M, tmp_path)):
        for file in variant.graphs[0].files:
            assert file.path.startswith("galleries/")
            assert (tmp_path / file.path).stat().st_size == file.bytes
    assert {b for v in made for b in v.backends} == set(BACKENDS)


def test_it_is_as_the_program_says() -> None:
    assert index.NEAREST == gallery.NEAREST


def broken(place: int, value: float) -> Array:
    rows = directions(4)
    rows[place] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (directions(4).astype(np.float64), "float32 [n,m], not float64 [4, 96]"),
        (directions(4)[0], "float32 [n,m], not float32 [96]"),
        (directions(4)[:0], "float32 [n,m], not float32 [0, 96]"),
        (broken(2, 0.0), "of character 2 are"),
        (broken(1, float("nan")), "of character 1 are"),
        (broken(3, float("inf")), "of character 3 are"),
    ],
)
def test_damaged_features_are_one_sentence(rows: Array, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+\.$") as raised:
        index.indexes(rows, tmp_path, "g")
    assert said in str(raised.value)
    assert not list(tmp_path.rglob("*.onnx"))
