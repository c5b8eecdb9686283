"""ModelCard: conversion to JSON and back. Does not test the card files of the build."""

import json
from dataclasses import replace

import pytest

from app.core.card import Graph, from_dict, to_dict
from tests.support.fakes import ABSENT, FACES, GRAPH, SELFIE

TWO = replace(SELFIE.variants[0], graphs=(GRAPH, Graph("models/second.onnx", 234, "cd" * 32)))


@pytest.mark.parametrize(
    "card", [SELFIE, FACES, ABSENT, replace(SELFIE, variants=(TWO,), report={"parity": {"noise": 1e-7}})]
)
def test_a_card_survives_json(card: object) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(card)))) == card  # type: ignore[arg-type]


def test_the_variant_of_a_backend() -> None:
    assert SELFIE.variant("webgpu") is SELFIE.variants[0]
    assert SELFIE.variant("webgl") is SELFIE.variants[1]
    assert FACES.variant("webgl") is None
    assert ABSENT.variant("wasm") is None


def test_the_size_of_a_variant_is_that_of_its_graphs() -> None:
    assert TWO.bytes == 1234


@pytest.mark.parametrize("lost", ["id", "mask", "variants", "input"])
def test_what_is_no_card_raises(lost: str) -> None:
    data = to_dict(SELFIE)
    del data[lost]
    with pytest.raises((KeyError, TypeError)):
        from_dict(data)
