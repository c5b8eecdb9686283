"""The visitor's pictures: what a browser or a file gives is checked and bounded; export and import.

Does not make features or thumbnails.
"""

from __future__ import annotations

import json
from array import array
from base64 import b64encode
from dataclasses import replace
from io import BytesIO
from math import hypot
from typing import Any

import pytest
from PIL import Image

from app.core.errors import UserError
from app.tasks.lookalike.user_gallery import (
    FULL,
    MOST,
    NO_FEATURES,
    NO_FILE,
    SIDE,
    THUMB,
    WIDEST,
    EmbeddingModel,
    Picture,
    UserGallery,
    embedding_model,
    from_file,
    jpeg_size,
    picture,
    to_file,
)
from tests.support.fakes import CLASSES, GRAPH

CARD = "mobilenet-v2-01234567"
PAIR = EmbeddingModel(CARD, 2)


def features(*numbers: float) -> bytes:
    return array("f", numbers or (3.0, 4.0)).tobytes()


def thumb(width: int = SIDE, height: int = SIDE, kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(out, kind)
    return out.getvalue()


def row(**other: Any) -> dict[str, Any]:
    whole = {"name": "Ada", "card": CARD, "features": features(), "thumb": thumb(), **other}
    return {name: b64encode(v).decode() if isinstance(v, bytes) else v for name, v in whole.items()}


def file(*rows: Any) -> str:
    return json.dumps({"vitrine": 1, "pictures": list(rows)})


def test_features_are_kept_at_length_one_and_names_short() -> None:
    kept = picture("  Ada \n Lovelace " + "x" * 100, CARD, features(3, 4))
    assert list(kept.features) == pytest.approx([0.6, 0.8])
    assert kept.name.startswith("Ada Lovelace xxx")
    assert len(kept.name) == 60
    assert picture(" ", CARD, features()).name == "Picture"


@pytest.mark.parametrize(
    "damaged",
    [b"", b"12345", features(0, 0), features(float("nan"), 1), features(float("inf")), bytes(4 * WIDEST + 4)],
)
def test_features_that_are_none_are_refused(damaged: bytes) -> None:
    with pytest.raises(UserError, match="contains no pictures"):
        picture("Ada", CARD, damaged)


def test_the_matrix_has_a_row_for_each_and_zeros_below() -> None:
    own = UserGallery([{"id": "a", "name": "Ada", "card": CARD, "features": features(0, 2)}])
    own.put("b", picture("Bo", CARD, features(5, 0)))
    own.put("c", picture("Cy", "another", features(1, 1)))
    numbers = array("f", own.matrix(PAIR))
    assert len(numbers) == 2 * MOST
    assert list(numbers[:6]) == [0, 1, 1, 0, 0, 0]
    assert [hypot(*numbers[n : n + 2]) for n in (0, 2)] == [1, 1]
    assert list(own.of(PAIR)) == ["a", "b"]
    assert own.stale(PAIR) == ["c"]
    assert own.matrix(EmbeddingModel("none of them", 2)) == bytes(4 * 2 * MOST)


def test_a_row_of_another_length_shifts_no_other() -> None:
    own = UserGallery([{"id": "a", "name": "Ada", "card": CARD, "features": features(0, 2, 0, 0)}])
    own.put("b", picture("Bo", CARD, features(5, 0)))
    assert list(own.of(PAIR)) == ["b"]
    assert list(array("f", own.matrix(PAIR))[:4]) == [1, 0, 0, 0]
    assert own.stale(PAIR) == ["a"]  # its features are made anew


def test_an_embedding_model_is_told_apart_by_its_weights() -> None:
    one = embedding_model(CLASSES, 1280)
    assert one == embedding_model(replace(CLASSES, variants=CLASSES.variants[::-1]), 1280)
    assert one.card.startswith("mobilenet-v2-")
    other = replace(CLASSES.variants[0], graphs=(replace(GRAPH, sha256="cd" * 32),))
    assert embedding_model(replace(CLASSES, variants=(other,)), 1280).card != one.card
    long = embedding_model(replace(CLASSES, id="x" * 99), 2)
    assert picture("Ada", long.card, features()).of(long)


def kept(**other: Any) -> dict[str, Any]:
    whole = {"id": "b", "name": "Bo", "card": CARD, "features": features(), **other}
    return {name: value for name, value in whole.items() if value is not ...}


@pytest.mark.parametrize(
    "damaged",
    [kept(features=b"123"), kept(features=10**12), kept(features=None), kept(id=...), None, "text", {}],
)
def test_what_the_browser_kept_damaged_is_left_out(damaged: Any) -> None:
    assert list(UserGallery([damaged, kept(id="a")]).pictures) == ["a"]


def test_there_are_at_most_so_many() -> None:
    own = UserGallery(
        {"id": str(n), "name": "", "card": CARD, "features": features()} for n in range(MOST + 5)
    )
    assert len(own.pictures) == MOST
    with pytest.raises(UserError) as refused:
        own.put("one more", picture("", CARD, features()))
    assert str(refused.value) == FULL
    own.put("0", picture("exchanged", CARD, features()))
    assert own.pictures["0"].name == "exchanged"


def test_an_exported_file_is_read() -> None:
    [(kept, data)] = from_file(file(row()))
    assert (kept.name, kept.card) == ("Ada", CARD)
    assert list(kept.features) == pytest.approx([0.6, 0.8])
    assert data == thumb()


def test_what_is_exported_can_be_imported_again() -> None:
    kept = [
        (picture("Ada", CARD, features(3, 4)), thumb()),
        (picture("Bø “quoted”", "another", features(1, 2, 2)), thumb() + b"\0"),
        (Picture("no features yet", "", NO_FEATURES), thumb()),
    ]
    text = to_file(kept)
    assert json.loads(text)["vitrine"] == 1
    found = from_file(text, EmbeddingModel("none of them", 2))
    assert [(each.name, each.card, data) for each, data in found] == [
        (each.name, each.card, data) for each, data in kept
    ]
    for (each, _), (before, _) in zip(found, kept, strict=True):
        assert list(each.features) == pytest.approx(list(before.features))
        assert each.of(PAIR) is before.of(PAIR)


def test_a_file_that_would_spoil_the_comparison_is_refused() -> None:
    text = file(row(), row(features=features(1, 2, 3, 4)))
    assert len(from_file(text)) == 2
    assert len(from_file(text, EmbeddingModel("another", 2))) == 2  # whose features of both are made anew
    with pytest.raises(UserError) as refused:
        from_file(text, PAIR)
    assert str(refused.value) == NO_FILE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"pictures": 5}',
        "[" * 100_000,
        file(),
        file(5),
        file({"name": "Ada"}),
        file(row(features="no base64!")),
        file(row(features=features(0, 0))),
        file(row(thumb=b"")),
        file(row(thumb=thumb(kind="PNG"))),
        file(row(thumb=thumb(SIDE + 1))),
        file(row(thumb=thumb(20000, 8))),
        file(row(thumb=thumb() + bytes(THUMB))),
    ],
)
def test_a_file_that_is_none_is_refused_with_one_sentence(text: str) -> None:
    with pytest.raises(UserError) as refused:
        from_file(text)
    assert str(refused.value) == NO_FILE


def test_a_file_with_too_many_is_refused() -> None:
    with pytest.raises(UserError) as refused:
        from_file(file(*[row()] * (MOST + 1)))
    assert str(refused.value) == FULL


def test_the_size_of_a_jpeg_is_read_without_decoding() -> None:
    assert jpeg_size(thumb(300, 200)) == (300, 200)
    assert jpeg_size(thumb(kind="PNG")) is None
    data = thumb()
    for cut in range(len(data)):  # wherever it ends: no error
        jpeg_size(data[:cut])
