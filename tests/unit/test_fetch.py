"""models.sources: files are fetched and checked by hash; every failure has one message."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

from models.sources import download, emscripten, fetch
from models.spec import cards
from models.spec.card import Card, File, Source

DATA = b"the published file"
SHA = hashlib.sha256(DATA).hexdigest()
URL = "https://example.org/a.bin"
GONE = "https://127.0.0.1:1/a.bin"


def file(data: bytes = DATA, name: str = "a.bin", **place: str) -> File:
    return File(name, hashlib.sha256(data).hexdigest(), len(data), **place)


def npm(**more: str) -> File:
    return replace(file(npm="pack", version="1.0", path="a.bin"), **more)  # type: ignore[arg-type]


def card(*sources: Source) -> Card:
    return replace(cards.read(cards.FOLDER / "selfie.toml"), sources=sources)


def one(*files: File) -> Card:
    return card(*(Source("tflite", (file,)) for file in files))


def quiet(_: str) -> None:
    pass


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VITRINE_MIRROR", raising=False)


def installed(folder: Path, data: bytes = DATA) -> Path:
    (folder / "pack").mkdir()
    (folder / "pack" / "a.bin").write_bytes(data)
    return folder


def mirror(folder: Path, *rows: tuple[str, bytes, str]) -> None:
    text = ""
    for path, data, url in rows:
        (folder / path).write_bytes(data)
        text += f'[[file]]\npath = "{path}"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nurl = "{url}"\n'
    (folder / "WEIGHTS.toml").write_text(text, "utf-8")


def test_an_npm_package_is_a_source(tmp_path: Path) -> None:
    fetched = fetch.fetch(one(npm()), quiet, tmp_path / "cache", installed(tmp_path))
    assert (fetched.files, fetched.title) == ({"a.bin": DATA}, "npm pack 1.0: a.bin")


@pytest.mark.parametrize("forged", [b"forged", b"THE published file"])
def test_another_file_under_the_name_is_refused_and_said(tmp_path: Path, forged: bytes) -> None:
    with pytest.raises(fetch.MissingSourceError, match="the file is another one: "):
        fetch.fetch(one(npm()), quiet, tmp_path / "cache", installed(tmp_path, forged))


def test_a_missing_package_is_said(tmp_path: Path) -> None:
    with pytest.raises(fetch.MissingSourceError, match="the package is not installed"):
        fetch.fetch(one(npm()), quiet, tmp_path / "cache", tmp_path)


def test_a_path_out_of_the_packages_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(DATA)
    (tmp_path / "node").mkdir()
    with pytest.raises(fetch.MissingSourceError, match="leads out"):
        fetch.fetch(one(npm(npm="..")), quiet, tmp_path / "cache", tmp_path / "node")


def test_a_file_of_the_project_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "ROOT", tmp_path / "project")
    (tmp_path / "project" / "own").mkdir(parents=True)
    (tmp_path / "project" / "own" / "a.bin").write_bytes(DATA)
    fetched = fetch.fetch(one(file(local="own/a.bin")), quiet, tmp_path / "cache", tmp_path)
    assert (fetched.files, fetched.title) == ({"a.bin": DATA}, "own/a.bin")
    with pytest.raises(fetch.MissingSourceError, match="is not in the project"):
        fetch.fetch(one(file(local="own/b.bin")), quiet, tmp_path / "cache", tmp_path)
    (tmp_path / "project" / "own" / "b.bin").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(fetch.MissingSourceError, match="leads out of the project"):
        fetch.fetch(one(file(local="own/b.bin")), quiet, tmp_path / "cache", tmp_path)


def test_the_mirror_stands_in_for_urls_and_the_file_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(tmp_path, ("file", DATA, "https://elsewhere.example/b.bin"))
    monkeypatch.setenv("VITRINE_MIRROR", str(tmp_path))
    wanted, cache = one(npm(), file(url=URL)), tmp_path / "cache"
    assert fetch.fetch(wanted, quiet, cache, tmp_path / "node").files == {"a.bin": DATA}  # by its hash
    monkeypatch.delenv("VITRINE_MIRROR")
    assert fetch.fetch(wanted, quiet, cache, tmp_path / "node").title == URL  # from the cache, no network


def test_a_mirror_with_another_file_under_the_address_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(tmp_path, ("file", b"THE published file", URL))
    monkeypatch.setenv("VITRINE_MIRROR", str(tmp_path))
    with pytest.raises(fetch.MissingSourceError, match="the file is another one"):
        fetch.fetch(one(file(url=URL)), quiet, tmp_path / "cache", tmp_path)
    assert not list((tmp_path / "cache").glob("*"))


def test_a_mirror_without_its_list_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_MIRROR", str(tmp_path))
    with pytest.raises(fetch.MissingSourceError, match=r"WEIGHTS.toml in VITRINE_MIRROR is not readable"):
        fetch.fetch(one(file(url=URL)), quiet, tmp_path / "cache", tmp_path)


def test_a_mirror_does_not_lead_out_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "mirror"
    inside.mkdir()
    mirror(inside, ("../file", DATA, URL))
    monkeypatch.setenv("VITRINE_MIRROR", str(inside))
    with pytest.raises(fetch.MissingSourceError, match=r"VITRINE_MIRROR lists .*, but does not contain it"):
        fetch.fetch(one(file(url=URL)), quiet, tmp_path / "cache", tmp_path)


def test_a_source_counts_only_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first source's shard is missing, so nothing of it is taken."""
    mirror(tmp_path, ("model.json", b"{}", URL), ("file", DATA, URL + "2"))
    monkeypatch.setenv("VITRINE_MIRROR", str(tmp_path))
    halved = Source("tfjs", (file(b"{}", "model.json", url=URL), file(b"shard", "shard", url=GONE)))
    fetched = fetch.fetch(card(halved, Source("tflite", (file(url=URL + "2"),))), quiet, tmp_path / "cache")
    assert fetched.source.format == "tflite"
    assert fetched.files == {"a.bin": DATA}
    with pytest.raises(fetch.MissingSourceError, match=r"127\.0\.0\.1:1/a\.bin: no answer"):
        fetch.fetch(card(halved), quiet, tmp_path / "cache")


def test_no_answer_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(fetch.MissingSourceError, match="no answer") as missing:
        fetch.fetch(one(npm(), file(url=GONE)), quiet, tmp_path / "cache", tmp_path)
    assert "\n" not in str(missing.value)


def test_nothing_but_https_is_fetched() -> None:
    for url in ("http://127.0.0.1:1/a", "file:///etc/hostname", "ftp://127.0.0.1:1/a"):
        with pytest.raises(download.UnavailableError, match="only addresses with https://"):
            download.download(url, 10, quiet, "it")
    redirect = download._HttpsOnly()
    with pytest.raises(download.UnavailableError, match="redirects to http://127"):
        redirect.redirect_request(None, None, 302, "", {}, "http://127.0.0.1:1/a")


def test_a_host_that_does_not_answer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Nothing:
        def open(self, request: urllib.request.Request, **_: object) -> None:
            asked.append(request.full_url)
            raise (
                URLError("timed out")
                if "silent" in request.host
                else HTTPError("", 404, "Not Found", *nobody)
            )

    nobody: tuple[Any, BytesIO] = ({}, BytesIO())
    monkeypatch.setattr(download, "_silent", {})
    monkeypatch.setattr("urllib.request.build_opener", lambda *_: Nothing())
    for host in ("silent.example", "other.example"):
        for name in "ab":
            with pytest.raises(download.UnavailableError, match=r"no answer \((timed out|404 Not Found)\)"):
                download.download(f"https://{host}/{name}", 10, quiet, "it")
    assert asked == ["https://silent.example/a", "https://other.example/a", "https://other.example/b"]


class Answer:
    """What urllib's opener gives: DATA, again and again."""

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def open(self, *_: object, **__: object) -> Answer:
        return self

    def read1(self, _: int) -> bytes:
        return DATA


def test_an_endless_answer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.build_opener", lambda *_: Answer())
    with pytest.raises(download.UnavailableError, match="longer than 1000 bytes"):
        download.download(URL, 1000, quiet, "it")
    monkeypatch.setattr(download, "LONGEST", -1.0)
    with pytest.raises(download.UnavailableError, match="took longer than"):
        download.download(URL, 1000, quiet, "it")


def package(folder: Path, table: object, data: bytes = b"before" + DATA + b"after") -> Path:
    """An Emscripten package as MediaPipe publishes one."""
    (folder / "pack").mkdir(exist_ok=True)
    loader = f"(function() {{ var x = {{}}; loadPackage({json.dumps(table)});\n }})();"
    (folder / "pack" / "assets_loader.js").write_text(loader, "utf-8")
    path = folder / "pack" / "assets.data"
    path.write_bytes(data)
    return path


def row(name: str = "/third_party/x/a.bin", start: object = 6, end: object = 6 + len(DATA)) -> object:
    rows = [
        {"filename": "/x/other.bin", "start": 0, "end": 6},
        {"filename": name, "start": start, "end": end},
    ]
    return {"files": rows, "remote_package_size": 99, "package_uuid": "0-1"}


def test_a_packed_file_is_taken_out(tmp_path: Path) -> None:
    package(tmp_path, row())
    wanted = one(npm(path="assets.data", member="a.bin"))
    assert fetch.fetch(wanted, quiet, tmp_path / "cache", tmp_path).files == {"a.bin": DATA}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (row("/x/b.bin"), "lists 0 files a.bin, not one"),
        (row("/x/notaa.bin"), "lists 0 files a.bin"),
        ({"files": []}, "lists 0 files"),
        ("nothing", "lists 0 files"),
        (row(start=-6), "which is not 18 bytes of the package"),
        (row(start=6, end=10**18), "which is not 18 bytes of the package"),
        (row(start=20, end=20 + len(DATA)), "which is not 18 bytes of the package"),
        (row(start="a"), "is not readable"),
        (row(start=None), "is not readable"),
        ({"files": ["a"]}, "is not readable"),
        (row(start=7, end=7 + len(DATA)), "the file is another one"),
    ],
)
def test_a_damaged_package_is_one_sentence(tmp_path: Path, table: object, says: str) -> None:
    package(tmp_path, table)
    wanted = one(npm(path="assets.data", member="a.bin"))
    with pytest.raises(fetch.MissingSourceError, match=says) as missing:
        fetch.fetch(wanted, quiet, tmp_path / "cache", tmp_path)
    assert "\n" not in str(missing.value)


def test_a_package_without_its_loader_is_said(tmp_path: Path) -> None:
    path = package(tmp_path, row())
    loader = path.with_name("assets_loader.js")
    loader.write_bytes(b"x" * (emscripten.LOADER + 1))
    with pytest.raises(download.UnavailableError, match="longer than"):
        emscripten.member(path, "a.bin", len(DATA))
    loader.unlink()
    with pytest.raises(download.UnavailableError, match="is missing"):
        emscripten.member(path, "a.bin", len(DATA))
