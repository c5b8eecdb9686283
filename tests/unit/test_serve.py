"""The server: headers, brotli, ETags, ranges, and no file from outside its folder.

Does not test the page.
"""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest

from app.core.errors import UserError
from publish.pack.headers import headers, rules
from publish.pack.serve import Server, accepts_brotli, parse_range

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "dist"
    (root / "ort" / "1.30.0").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html>")
    (root / "page.js").write_bytes(SCRIPT)
    (root / "page.js.br").write_bytes(brotli.compress(SCRIPT))
    (root / "ort" / "1.30.0" / "ort.wasm").write_bytes(bytes(range(256)))
    (root / "scene.1a2b3c4d.mp4").write_bytes(bytes(1000))
    (tmp_path / "secret.txt").write_text("secret")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    with Running(Server(root)) as found:
        yield found


class Running:
    """Runs a server in a thread, as a context manager."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __enter__(self) -> Server:
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def ask(
    server: Server, path: str, method: str = "GET", **fields: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request; http.client sends the path unchanged."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in fields.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_the_page_is_isolated_and_closed(server: Server) -> None:
    response, body = ask(server, "/?backend=wasm")
    assert (response.status, body) == (200, b"<!doctype html>")
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-cache"
    policy = response.headers["Content-Security-Policy"]
    assert "'unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
    assert "default-src 'none'" in policy
    assert "camera=(self)" in response.headers["Permissions-Policy"]


def test_without_isolation(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("x")
    with Running(Server(tmp_path, isolate=False)) as server:
        response, _ = ask(server, "/")
    assert "Cross-Origin-Opener-Policy" not in response.headers
    assert "Cross-Origin-Embedder-Policy" not in response.headers
    assert "Content-Security-Policy" in response.headers


@pytest.mark.parametrize(
    ("path", "kind", "cache"),
    [
        ("page.js", "text/javascript; charset=utf-8", "no-cache"),
        ("manifest.json", "application/json", "no-cache"),
        ("ort/1.30.0/ort.jspi.min.mjs", "text/javascript; charset=utf-8", "immutable"),
        ("ort/1.30.0/ort-wasm-simd-threaded.wasm", "application/wasm", "immutable"),
        ("pyodide/314.0.7/python_stdlib.zip", "application/zip", "immutable"),
        ("python/snapshot.1a2b3c4d.bin", "application/octet-stream", "immutable"),
        ("models/selfie-fp16.1a2b3c4d.onnx", "application/octet-stream", "immutable"),
        ("models/selfie-fp16.onnx", "application/octet-stream", "no-cache"),
        ("models.html", "text/html; charset=utf-8", "no-cache"),
        ("icon.svg", "image/svg+xml", "no-cache"),
    ],
)
def test_types_and_caching(path: str, kind: str, cache: str) -> None:
    found = headers(rules(), path)
    assert found["Content-Type"] == kind
    assert cache in found["Cache-Control"]
    assert found["X-Content-Type-Options"] == "nosniff"


def test_brotli_for_browsers_that_accept_it(server: Server) -> None:
    response, body = ask(server, "/page.js", Accept_Encoding="gzip, deflate, br, zstd")
    assert response.headers["Content-Encoding"] == "br"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert int(response.headers["Content-Length"]) == len(body) < len(SCRIPT)
    assert brotli.decompress(body) == SCRIPT
    response, body = ask(server, "/page.js", Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] is None
    assert response.headers["Vary"] == "Accept-Encoding"
    assert body == SCRIPT


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("br", True),
        ("gzip, BR;q=0.5", True),
        ("br;q=0", False),
        ("br;q=0.000", False),
        ("brx", False),
        ("", False),
    ],
)
def test_accepts_brotli(header: str, accepted: bool) -> None:
    assert accepts_brotli(header) is accepted


def test_a_known_file_is_not_sent_again(server: Server) -> None:
    first, _ = ask(server, "/page.js", Accept_Encoding="br")
    tag = first.headers["ETag"]
    again, body = ask(server, "/page.js", Accept_Encoding="br", If_None_Match=f'W/"other", {tag}')
    assert (again.status, body) == (304, b"")
    assert again.headers["ETag"] == tag
    plain, _ = ask(server, "/page.js", If_None_Match=tag)
    assert plain.status == 200, "the uncompressed file has another ETag"
    (server.root / "page.js.br").write_bytes(brotli.compress(b"changed"))
    changed, _ = ask(server, "/page.js", Accept_Encoding="br", If_None_Match=tag)
    assert changed.status == 200


def test_head_sends_no_body(server: Server) -> None:
    response, body = ask(server, "/page.js", "HEAD")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) == len(SCRIPT)


def test_ranges(server: Server) -> None:
    response, body = ask(server, "/ort/1.30.0/ort.wasm", Range="bytes=10-19")
    assert (response.status, body) == (206, bytes(range(10, 20)))
    assert response.headers["Content-Range"] == "bytes 10-19/256"
    response, body = ask(server, "/ort/1.30.0/ort.wasm", Range="bytes=-6")
    assert (response.status, body) == (206, bytes(range(250, 256)))
    response, _ = ask(server, "/ort/1.30.0/ort.wasm", Range="bytes=256-")
    assert response.status == 416
    assert response.headers["Content-Range"] == "bytes */256"
    response, body = ask(server, "/ort/1.30.0/ort.wasm", Range="bytes=0-1,4-5")
    assert (response.status, len(body)) == (200, 256)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-", (0, 9)),
        ("bytes=3-99", (3, 9)),
        ("bytes=-99", (0, 9)),
        ("bytes=-0", ()),
        ("bytes=5-4", ()),
        ("bytes=-", None),
        ("items=0-1", None),
        ("", None),
    ],
)
def test_parse_range(header: str, found: object) -> None:
    assert parse_range(header, 10) == found


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/ort/../../secret.txt",
        "/ort/%2e%2e%2f%2e%2e%2fsecret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/..%5csecret.txt",
        "/link.txt",
        "/page.js%00.html",
        "/ort",
        "/ort/",
        "/ort/../page.js",
        "/./page.js",
        "/page.js.br",
        "/missing.js",
        "/" + "a" * 5000,
        "/%ff%fe",
    ],
)
def test_nothing_from_outside_the_folder(server: Server, path: str) -> None:
    response, body = ask(server, path)
    assert response.status == 404
    assert b"secret" not in body
    assert "Content-Security-Policy" in response.headers


def test_only_get_and_head(server: Server) -> None:
    response, _ = ask(server, "/page.js", "POST")
    assert response.status == 501


def test_one_connection_serves_many_requests(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    for _ in range(20):
        connection.request("GET", "/page.js")
        assert connection.getresponse().read() == SCRIPT
    connection.close()


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} is in use.*--port {port + 1}"):
            Server(Path(), port)


def test_a_port_can_be_opened_again_at_once(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("x")
    port = 0
    for _ in range(2):
        with Running(Server(tmp_path, port)) as server:
            port = server.server_address[1]
            assert ask(server, "/")[0].status == 200


def test_a_browser_that_disconnects_is_no_error(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    big = server.root / "big.bin"
    big.write_bytes(bytes(20_000_000))
    with socket.create_connection(("127.0.0.1", server.server_address[1])) as connection:
        connection.sendall(b"GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(100)
    assert ask(server, "/page.js")[0].status == 200
    assert capfd.readouterr().err == ""


def test_an_impossible_port_is_rejected() -> None:
    with pytest.raises(UserError, match="Port 70000 cannot be opened"):
        Server(Path(), 70000)
