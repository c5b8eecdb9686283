"""dist/ on http://localhost: the hosting's headers, brotli copies, ETags, ranges.

Does not build, does not leave this machine (127.0.0.1 only) and takes nothing in but GET and HEAD.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from threading import BoundedSemaphore
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from app.core.errors import UserError
from publish.pack.headers import ISOLATION, headers, rules

CONNECTIONS = 64  # at once; a browser opens 6 per host
IDLE = 30.0  # seconds after which a connection that asks nothing is closed
CHUNK = 1 << 20


class Server(ThreadingHTTPServer):
    """Serves one folder. `port` 0 takes a free one; `isolate=False` leaves COOP and COEP out.

    Raises UserError where the port is in use.
    """

    daemon_threads = True
    # Passes over connections that have just ended; on Windows it would share the port with another program.
    allow_reuse_address = os.name != "nt"

    def __init__(self, root: Path, port: int = 0, isolate: bool = True) -> None:
        self.root = root.resolve()
        self.rules = rules()
        self.isolate = isolate
        self.free = BoundedSemaphore(CONNECTIONS)
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except (OSError, OverflowError) as error:
            raise UserError(reason(port, error)) from None

    @property
    def url(self) -> str:
        """Where the page is, with a slash at the end."""
        return f"http://localhost:{self.server_address[1]}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """One thread a connection, never more than CONNECTIONS: the next one waits."""
        self.free.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In the connection's thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """A browser that goes away in the middle is no error; anything else is one, and shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def file(self, target: str) -> tuple[str, Path] | None:
        """The path in the folder, and the file, that a request names; None where there is none."""
        path = unquote(urlsplit(target).path, errors="replace").removeprefix("/") or "index.html"
        if "\0" in path or "\\" in path or path.endswith((".br", ".part")):
            return None
        try:
            file = (self.root / path).resolve()
            inside = file.is_relative_to(self.root) and file.is_file()
        except OSError:  # a name longer than the system takes
            return None
        return (path, file) if inside and file.relative_to(self.root).as_posix() == path else None


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "vitrine"
    sys_version = ""
    timeout = IDLE
    disable_nagle_algorithm = True  # headers and body go in two writes: 40 ms a file otherwise

    def do_GET(self) -> None:
        """Send a file."""
        self.answer(body=True)

    def do_HEAD(self) -> None:
        """Send a file's headers."""
        self.answer(body=False)

    def answer(self, body: bool) -> None:
        """Send a file, or why it cannot be had."""
        found = self.server.file(self.path)
        if not found:
            self.refuse(HTTPStatus.NOT_FOUND, "There is no such file here.", body)
            return
        path, file = found
        fields = headers(self.server.rules, path)
        copy = file.with_name(file.name + ".br")
        if copy.is_file():
            fields["Vary"] = "Accept-Encoding"
            if takes_brotli(self.headers.get("Accept-Encoding", "")):
                fields["Content-Encoding"] = "br"
                file = copy
        try:
            content = file.open("rb")
        except OSError:  # taken away since, as a build does
            self.refuse(HTTPStatus.NOT_FOUND, "There is no such file here.", body)
            return
        with content:
            stat = os.fstat(content.fileno())
            fields["ETag"] = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}{"-br" * (file is copy)}"'
            if fields["ETag"] in self.headers.get("If-None-Match", ""):
                self.send(HTTPStatus.NOT_MODIFIED, fields)
                return
            wanted = None if file is copy else span(self.headers.get("Range", ""), stat.st_size)
            if wanted == ():
                fields["Content-Range"] = f"bytes */{stat.st_size}"
                self.refuse(
                    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "There is no such range.", body, fields
                )
                return
            first, last = wanted or (0, stat.st_size - 1)
            if wanted:
                fields["Content-Range"] = f"bytes {first}-{last}/{stat.st_size}"
            fields["Content-Length"] = str(last - first + 1)
            self.send(HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK, fields)
            if body:
                content.seek(first)
                self.copy(content, last - first + 1)

    def copy(self, content: BinaryIO, left: int) -> None:
        """Send `left` bytes of an open file."""
        while left and (chunk := content.read(min(left, CHUNK))):
            self.wfile.write(chunk)
            left -= len(chunk)

    def refuse(self, status: HTTPStatus, text: str, body: bool, fields: dict[str, str] | None = None) -> None:
        """Send a status with one sentence."""
        data = f"{text}\n".encode()
        plain = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(data))}
        self.send(status, headers(self.server.rules, "") | (fields or {}) | plain)
        if body:
            self.wfile.write(data)

    def send(self, status: HTTPStatus, fields: dict[str, str]) -> None:
        """Send the status line and headers."""
        self.send_response(status)
        for name, value in fields.items():
            if self.server.isolate or name not in ISOLATION:
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the browser's own tools show requests better."""


def takes_brotli(accepted: str) -> bool:
    """Whether an Accept-Encoding header takes `br`."""
    for each in accepted.split(","):
        name, _, quality = each.replace(" ", "").partition(";q=")
        if name.lower() == "br":
            return not re.fullmatch(r"0(\.0*)?", quality)
    return False


def span(header: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """First and last byte of a Range header with one range; () where it is outside, None without one."""
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    if not match or match.groups() == ("", ""):
        return None
    start, end = match.groups()
    first = int(start) if start else max(0, size - int(end))
    last = min(int(end), size - 1) if start and end else size - 1
    return (first, last) if first <= last else ()


def reason(port: int, error: Exception) -> str:
    """One sentence for a port that cannot be had."""
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use. Stop what runs there, or take another: build.py serve --port {port + 1}"
        )
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return f"Port {port} is not for this user. Take one above 1023: build.py serve --port 8000"
    return f"Port {port} cannot be opened ({error}). Take one from 1024 to 65535: build.py serve --port 8000"
