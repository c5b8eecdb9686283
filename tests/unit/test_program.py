"""The layout of a compiled graph, read from its module. Does not run a module."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.core.program import Layout, Value, layout, section
from tests.support import modules

MODULE = modules.module()
FOUND = layout(section(MODULE))


def changed(**how: Any) -> str:
    return json.dumps({**modules.LAYOUT, **how})


def test_the_layout_is_read_from_the_module() -> None:
    assert FOUND.weights == (modules.WEIGHTS_AT, 4)
    assert FOUND.inputs["rgba"] == Value("uint8", (1, 3, 5, 4), modules.RGBA_AT)
    assert list(FOUND.outputs) == ["mask"]
    assert [FOUND.inputs["rgba"].bytes, FOUND.outputs["mask"].bytes] == [60, 60]
    assert FOUND.outputs["mask"].length == 15


def test_other_custom_sections_are_passed_over() -> None:
    code = (
        modules.module(layout=None)
        + modules.section(b"other", b"x" * 300)
        + modules.section(b"vitrine", b"it")
    )
    assert section(code) == b"it"
    assert section(code, "other") == b"x" * 300


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a WebAssembly module"),
        (b"\x08\x08onnx...", "not a WebAssembly module"),
        (modules.module(layout=None), "no section “vitrine”"),
        (MODULE[:12], "no section “vitrine”"),
        (MODULE[:8] + b"\0\xff\xff", "no section “vitrine”"),
    ],
)
def test_what_is_no_compiled_graph_is_said(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        section(data)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Expecting"),
        ("[]", "not readable"),
        ("{}", "not readable"),
        (changed(version=2), "version 2, not 1"),
        (changed(outputs={"mask": {"type": "int64", "shape": [1], "offset": 0}}), "a tensor of int64"),
        (changed(inputs={"mask": {"type": "uint8", "shape": 4, "offset": 0}}), "not readable"),
    ],
)
def test_what_is_no_layout_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        layout(text)


def test_files_that_do_not_fit_are_said() -> None:
    FOUND.check(weights=4, memory=1 << 16)
    with pytest.raises(ValueError, match="5 bytes, not 4"):
        FOUND.check(weights=5, memory=1 << 16)
    with pytest.raises(ValueError, match="beyond the 571 bytes"):
        FOUND.check(weights=4, memory=modules.MASK_AT + 59)
    with pytest.raises(ValueError, match="beyond the 10 bytes"):
        replace(FOUND, inputs={}, outputs={}).check(weights=4, memory=10)


def test_a_layout_without_inputs_is_one() -> None:
    assert layout(changed(inputs={})) == Layout(FOUND.weights, {}, FOUND.outputs)
