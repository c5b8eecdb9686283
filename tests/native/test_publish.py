"""The packed dist/, and the modules that pack it.

Does not convert models and does not start Python in the page.
"""

import hashlib
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import brotli
import pytest

from app.core.card import from_dict
from app.core.errors import UserError
from publish import DIST, NODE_MODULES, ROOT, node_packages
from publish.files import write
from publish.pack import compress, dist, npm, snapshot, wheel
from publish.pack.headers import headers, rules
from publish.pack.tree import Tree


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DIST / "manifest.json").read_text())
    return found


def test_every_file_of_the_manifest_is_there(manifest: dict[str, Any]) -> None:
    core = manifest["pyodide"]
    rows = [*core["files"], core["snapshot"], *core["wheels"], *manifest["backdrops"]]
    rows += [graph for card in manifest["models"] for v in card["variants"] for graph in v["graphs"]]
    for row in rows:
        data = (DIST / row["path"]).read_bytes()
        assert len(data) == row["bytes"], row["path"]
        if "sha256" in row:
            assert hashlib.sha256(data).hexdigest() == row["sha256"], row["path"]


def test_the_bundles_name_the_files_they_load(manifest: dict[str, Any]) -> None:
    assert set(manifest["ort"]) == {"wasm", "jspi", "webgpu", "webgl"}
    for name, row in manifest["ort"].items():
        module = (DIST / row["module"]).read_text()
        assert (DIST / (row["wasm"] or row["module"])).stat().st_size == row["bytes"]
        if name == "webgl":
            assert row["mjs"] is row["wasm"] is None
        else:
            assert Path(row["mjs"]).name in module
            assert Path(row["wasm"]).name in (DIST / row["mjs"]).read_text()
        assert "jsep" not in json.dumps(row)


def test_the_models_are_cards(manifest: dict[str, Any]) -> None:
    cards = [from_dict(card) for card in manifest["models"]]
    assert {"blazeface", "selfie", "selfie-landscape"} <= {card.id for card in cards}


def test_micropip_comes_before_the_wheel_it_installs(manifest: dict[str, Any]) -> None:
    names = [Path(row["path"]).name.split("-")[0] for row in manifest["pyodide"]["wheels"]]
    assert names == ["micropip", "vitrine"]


def test_dist_holds_nothing_the_page_does_not_use(manifest: dict[str, Any]) -> None:
    named = json.dumps(manifest)
    for file in dist.list_files(DIST):
        path = file.relative_to(DIST).as_posix().removesuffix(".br")
        beside = ("manifest.json", "models.json", "models.html", "NOTICE.txt", "pixels.wasm")
        assert f'"{path}"' in named or path in beside or (ROOT / "static" / path).is_file(), path


def test_immutable_paths_contain_a_version_or_hash() -> None:
    for file in dist.list_files(DIST):
        path = file.relative_to(DIST).as_posix()
        if "immutable" in headers(rules(), path)["Cache-Control"]:
            parts = [part for name in path.split("/") for part in name.split(".")]
            assert any(len(p) == 8 and set(p) <= set("0123456789abcdef") for p in parts) or any(
                f"/{version}/" in f"/{path}"
                for version in map(node_packages.version, ("onnxruntime-web", "pyodide"))
            ), path


def test_compressed_copies_are_the_same_bytes() -> None:
    copies = [file for file in dist.list_files(DIST) if file.suffix == ".br"]
    assert {"page.js.br", "manifest.json.br"} <= {file.name for file in copies}
    for copy in copies:
        file = copy.with_suffix("")
        assert copy.stat().st_size <= compress.MAX_RATIO * file.stat().st_size
        if file.stat().st_size < 2_000_000:
            assert brotli.decompress(copy.read_bytes()) == file.read_bytes()


def test_the_wheel_is_the_same_each_time_and_holds_only_the_page(tmp_path: Path) -> None:
    first, second = (wheel.build(tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert "app/page/main.py" in names
    assert any(name.startswith("app/page/shaders/") and name.endswith(".frag") for name in names)
    assert not any(name.startswith("app/native/") for name in names)
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"app", "vitrine"}


def test_micropip_is_the_one_that_pyodide_names() -> None:
    lock = json.loads((NODE_MODULES / "pyodide" / "pyodide-lock.json").read_text())
    assert dict(wheel.pinned())["micropip"] == lock["packages"]["micropip"]["version"]


def test_the_snapshot_imports_every_module_of_the_wheel(tmp_path: Path) -> None:
    modules, names = snapshot.contents(wheel.build(tmp_path))
    assert {"app", "app.page.main", "app.tasks.background"} <= set(modules)
    assert "Object" in names


def test_the_uncompressed_standard_library_has_the_same_files() -> None:
    archive = node_packages.read("pyodide", "python_stdlib.zip")
    old = zipfile.ZipFile(io.BytesIO(archive))
    new = zipfile.ZipFile(io.BytesIO(npm.uncompressed(archive)))
    assert new.namelist() == old.namelist()
    assert all(info.compress_type == zipfile.ZIP_STORED for info in new.infolist())
    assert new.read("json/__init__.py") == old.read("json/__init__.py")


def test_a_package_without_a_file_is_named() -> None:
    with pytest.raises(UserError, match=r"pyodide has no nothing.js in node_modules. Delete node_modules"):
        node_packages.read("pyodide", "nothing.js")


def test_a_tree_retains_named_files_and_sweeps_the_rest(tmp_path: Path) -> None:
    for name in (
        "old.js",
        "old.js.br",
        "made/kept.1.onnx",
        "made/kept.1.onnx.br",
        "made/left.2.onnx",
        "deep/er/x",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    tree = Tree(tmp_path)
    row = tree.put("page.js", b"export {}")
    assert row == {"path": "page.js", "bytes": 9, "sha256": hashlib.sha256(b"export {}").hexdigest()}
    tree.retain({"models": [{"graphs": ({"path": "made/kept.1.onnx"},)}], "title": "no file", "": ""})
    tree.sweep()
    left = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {"page.js", "made/kept.1.onnx", "made/kept.1.onnx.br"}
    assert not (tmp_path / "deep").exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(tmp_path)
    tree.put("page.js", b"old")

    def full(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        tree.put("page.js", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["page.js"]
    assert (tmp_path / "page.js").read_bytes() == b"old"


def test_threads_write_one_path(tmp_path: Path) -> None:
    """Files with equal content share one cached copy, and threads often write it at the same time."""
    data = b"word " * 1000
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda n: write(tmp_path / "word.br", data), range(500)):
            pass
    assert [file.name for file in tmp_path.iterdir()] == ["word.br"]
    assert (tmp_path / "word.br").read_bytes() == data


def test_brotli_copies_that_save_little_are_not_kept(tmp_path: Path) -> None:
    root, cache = tmp_path / "dist", tmp_path / "cache"
    root.mkdir()
    noise = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(100))
    for name, data in (("text.js", b"word " * 1000), ("noise.bin", noise), ("small.js", b"a" * 99)):
        (root / name).write_bytes(data)
    (root / "noise.bin.br").write_bytes(b"of an older file")
    for _ in range(2):  # compressed, then from the cache
        compress.compress(root, {"text.js", "noise.bin", "small.js"}, cache, lambda path, share: None)
        assert {file.name for file in root.iterdir()} == {"text.js", "text.js.br", "noise.bin", "small.js"}
    assert brotli.decompress((root / "text.js.br").read_bytes()) == b"word " * 1000


def test_a_current_dist_is_not_packed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dist, "is_current", lambda state: True)
    monkeypatch.setattr(npm, "ort", lambda tree: pytest.fail("it packed again"))
    dist.pack()


def test_a_damaged_dist_is_not_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dist, "DIST", tmp_path)
    monkeypatch.setattr(dist, "STAMP", tmp_path / "packed.json")
    assert not dist.is_current("a"), "never packed"
    (tmp_path / "page.js").write_bytes(b"12345")
    dist.STAMP.write_text(json.dumps({"state": "a", "sizes": {"page.js": 5}}))
    assert dist.is_current("a")
    assert not dist.is_current("b"), "a source has changed"
    (tmp_path / "page.js").write_bytes(b"123")
    assert not dist.is_current("a"), "cut short"
    (tmp_path / "page.js").unlink()
    assert not dist.is_current("a"), "gone"
