"""The small Python of the page: its module in two halves, its script, its library, its list of functions.

Does not run Pyodide: tests/node and tests/page start it.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from base64 import b64encode
from pathlib import Path
from types import ModuleType

import pytest

from app.page import library
from models.compile.wasm import I32
from publish.pack.slim import hot, later
from publish.pack.slim.binary import FUNCTIONS, GLOBALS, HEADER, MEMORIES, Export, Global, Module
from publish.pack.slim.library import PARTS, STAND_INS, lean
from publish.pack.slim.script import shorten
from publish.pack.slim.split import instrumented, split

NUMBER = b"\x01\x7f"
ADD = b"\0\x20\0\x20\1\x6a\x0b"  # local.get 0, local.get 1, i32.add
TWICE = b"\0\x20\0\x20\0\x10\0\x0b"  # add(x, x)
COUNT = b"\0\x23\0\x41\1\x6a\x24\0\x20\0\x10\1\x0b"  # counter += 1, twice(x)
RUN = """
const [first, second] = JSON.parse(process.argv[1]).map((text) => Buffer.from(text, 'base64'));
const core = new WebAssembly.Instance(new WebAssembly.Module(first), {}).exports;
let loaded = 0;
if (second.length) {
  const table = core['split.functions'];
  const wrapper = new WebAssembly.Module(Uint8Array.from(
    [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 5, 1, 0, 0, 0, 0, 7, 4, 1, 0, 0, 0]));
  const load = () => { loaded += 1; new WebAssembly.Instance(new WebAssembly.Module(second), { core }); };
  table.set(table.length - 1, new WebAssembly.Instance(wrapper, { '': { '': load } }).exports['']);
}
const marks = () => Object.keys(core).filter((name) => name.startsWith('hot.') && core[name].value);
const before = loaded;
const found = [core.count(21), core.count(4), core.counter.value];
console.log(JSON.stringify({ before, loaded, found, marks: marks() }));
"""


def module() -> bytes:
    """A module of three functions, each of which calls the one before, and a counter."""
    made = Module(HEADER)
    made.types = [(b"\x7f\x7f", b"\x7f"), (b"\x7f", b"\x7f"), (b"", b"")]
    made.functions = [0, 1, 1]
    made.memories = [b"\0\1"]
    made.globals = [Global(I32, True, b"\x41\0\x0b")]
    made.bodies = [ADD, TWICE, COUNT]
    made.exports = [
        Export(b"count", FUNCTIONS, 2),
        Export(b"add", FUNCTIONS, 0),
        Export(b"counter", GLOBALS, 0),
        Export(b"memory", MEMORIES, 0),
    ]
    return made.encode()


def run(first: bytes, second: bytes = b"") -> dict[str, object]:
    """What the module's functions give under Node, and how often the second module was loaded."""
    given = json.dumps([b64encode(each).decode() for each in (first, second)])
    ran = subprocess.run(["node", "-e", RUN, given], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def test_a_module_is_read_and_written_as_it_is() -> None:
    assert Module(module()).encode() == module()
    with pytest.raises(ValueError, match="not a WebAssembly module"):
        Module(b"no module")


@pytest.mark.parametrize("calls", [{2}, {0, 2}, {1, 2}])
def test_a_split_module_computes_the_same_and_loads_its_second_half_once(calls: set[int]) -> None:
    first, second = split(module(), calls, {"count", "counter"})
    expected = {"before": 0, "loaded": 1, "found": [42, 8, 2], "marks": []}
    assert run(first, second) == expected
    names = {each.name for each in Module(first).exports}
    assert b"count" in names
    assert b"add" not in names, "an export that nothing uses"


def test_the_second_half_is_not_loaded_where_only_the_first_is_called() -> None:
    made = Module(module())
    made.functions.append(1)
    made.bodies.append(TWICE)
    first, second = split(made.encode(), {0, 1, 2}, {"count", "counter"})
    assert run(first, second)["loaded"] == 0


def test_a_module_is_not_split_where_that_would_change_it() -> None:
    with pytest.raises(ValueError, match="all or none"):
        split(module(), {0, 1, 2}, set())
    made = Module(module())
    made.other[8] = b"\2"
    with pytest.raises(ValueError, match="start function"):
        split(made.encode(), {0}, set())


def test_an_instrumented_module_says_which_functions_were_called() -> None:
    made = Module(module())
    made.functions.append(1)
    made.bodies.append(TWICE)
    assert run(instrumented(made.encode(), 4))["marks"] == ["hot.0", "hot.1", "hot.2"]


def test_the_list_of_functions_is_for_one_module(tmp_path: Path) -> None:
    file = tmp_path / "hot.json"
    hot.write(b"one", 11, {0, 3, 10}, file)
    assert hot.read(b"one", 11, file) == {0, 3, 10}
    assert hot.read(b"another", 11, file) == set(range(10)), "all but one: there must be two halves"


SCRIPT = (
    "function other(){_used();wasmExports.kept;}var _used,_unused,table;"
    'function assignWasmExports(wasmExports){_used=Module["_used"]=wasmExports["used"];'
    '_unused=Module["_unused"]=wasmExports["unused"].value>>>0;'
    '_t=Module["_t"]=table=Module["table"]=wasmExports["t"]}run(table)'
)


def test_a_script_keeps_the_exports_that_it_uses() -> None:
    short, names = shorten(SCRIPT)
    assert names == {"used", "kept", "t"}
    assert "unused" not in short
    assert short.endswith('wasmExports["t"];}run(table)')
    with pytest.raises(ValueError, match="no function assignWasmExports"):
        shorten("function another(){}")
    with pytest.raises(ValueError, match="of another form: odd"):
        shorten(SCRIPT.replace('_used=Module["_used"]', "odd()"))


def library_with(names: list[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "whole = 1\n")
    return out.getvalue()


def test_a_lean_library_has_stand_ins_and_is_otherwise_the_same() -> None:
    archive = zipfile.ZipFile(io.BytesIO(lean(library_with([*STAND_INS, *PARTS, "json/__init__.py"]))))
    assert archive.read("json/__init__.py") == b"whole = 1\n"
    assert b"_later.stand(__name__, PIPE=-1" in archive.read("subprocess.py")
    assert b"class Later" in archive.read("_later.py")
    with pytest.raises(ValueError, match=r"has no ssl\.py"):
        lean(library_with([name for name in (*STAND_INS, *PARTS) if name != "ssl.py"]))


def test_a_stand_in_becomes_the_module_when_it_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "vitrine_absent.py").write_text("value = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "vitrine_absent", raising=False)
    later.stand("vitrine_absent", known=1)
    module = sys.modules["vitrine_absent"]
    assert module.known == 1
    assert not hasattr(module, "__path__")
    assert sys.modules["vitrine_absent"] is module, "nothing is imported yet"
    assert module.value == 7
    assert sys.modules["vitrine_absent"] is not module
    with pytest.raises(AttributeError):
        _ = module.nothing
    monkeypatch.delitem(sys.modules, "vitrine_absent")


def test_the_library_is_fetched_once_for_a_module_that_the_snapshot_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    page = ModuleType("page")
    page.__dict__["library"] = asked.append
    monkeypatch.setitem(sys.modules, "page", page)
    monkeypatch.setattr(sys, "path", ["/lib/python314.zip"])
    finder = library.Library()
    monkeypatch.setattr(sys, "meta_path", [finder])
    for name in ("app.core", "page", "sys"):
        assert finder.find_spec(name) is None
    assert asked == []
    assert finder.find_spec("wave") is None
    assert asked == ["/lib/python314.zip"]
    assert sys.meta_path == []
