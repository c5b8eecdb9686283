"""Own pictures: what a browser or a file gives is checked and bounded. Makes no features and no thumbnails."""

from __future__ import annotations

import json
from array import array
from base64 import b64encode
from io import BytesIO
from math import hypot
from typing import Any

import pytest
from PIL import Image

from app.own import FULL, MOST, NO_FILE, SIDE, THUMB, WIDEST, Own, Refused, exported, jpeg, picture

CARD = "mobilenet-v2"


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
    with pytest.raises(Refused, match="holds no pictures"):
        picture("Ada", CARD, damaged)


def test_the_matrix_has_a_row_for_each_and_zeros_below() -> None:
    own = Own([{"id": "a", "name": "Ada", "card": CARD, "features": features(0, 2)}])
    own.put("b", picture("Bo", CARD, features(5, 0)))
    own.put("c", picture("Cy", "another", features(1, 1, 1)))
    wide, rows = own.matrix(CARD)
    numbers = array("f", rows)
    assert (wide, len(numbers)) == (2, 2 * MOST)
    assert list(numbers[:6]) == [0, 1, 1, 0, 0, 0]
    assert [hypot(*numbers[n : n + 2]) for n in (0, 2)] == [1, 1]
    assert list(own.of(CARD)) == ["a", "b"]
    assert own.stale(CARD) == ["c"]
    assert own.matrix("none of them") == (0, b"")


def test_what_the_browser_kept_damaged_is_left_out() -> None:
    rows = [{"id": n, "name": n, "card": CARD, "features": f} for n, f in (("a", features()), ("b", b"123"))]
    assert list(Own(rows).pictures) == ["a"]


def test_there_are_at_most_so_many() -> None:
    own = Own({"id": str(n), "name": "", "card": CARD, "features": features()} for n in range(MOST + 5))
    assert len(own.pictures) == MOST
    with pytest.raises(Refused) as refused:
        own.put("one more", picture("", CARD, features()))
    assert str(refused.value) == FULL
    own.put("0", picture("exchanged", CARD, features()))
    assert own.pictures["0"].name == "exchanged"


def test_an_exported_file_is_read() -> None:
    [(kept, data)] = exported(file(row()))
    assert (kept.name, kept.card) == ("Ada", CARD)
    assert list(kept.features) == pytest.approx([0.6, 0.8])
    assert data == thumb()


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
    with pytest.raises(Refused) as refused:
        exported(text)
    assert str(refused.value) == NO_FILE


def test_a_file_with_too_many_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        exported(file(*[row()] * (MOST + 1)))
    assert str(refused.value) == FULL


def test_the_size_of_a_jpeg_is_read_without_decoding() -> None:
    assert jpeg(thumb(300, 200)) == (300, 200)
    assert jpeg(thumb(kind="PNG")) is None
    data = thumb()
    for cut in range(len(data)):  # wherever it ends: no error
        jpeg(data[:cut])
