"""Serves dist/ on http://localhost with the headers of its hosting, brotli copies, ETags and ranges.

Does not build dist/. Listens on 127.0.0.1 only and accepts GET and HEAD only.
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

MAX_CONNECTIONS = 64  # at the same time; a browser opens 6 per host
IDLE_TIMEOUT = 30.0  # seconds after which a connection without a request is closed
CHUNK = 1 << 20  # bytes sent at once


class Server(ThreadingHTTPServer):
    """Serves one folder. Port 0 means any free port; `isolate=False` omits the headers COOP and COEP.

    Raises UserError if the port cannot be opened.
    """

    daemon_threads = True
    # Reuses a port whose last connections are still closing; on Windows it would share a port in use.
    allow_reuse_address = os.name != "nt"

    def __init__(self, root: Path, port: int = 0, isolate: bool = True) -> None:
        self.root = root.resolve()
        self.rules = rules()
        self.isolate = isolate
        self.slots = BoundedSemaphore(MAX_CONNECTIONS)
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except (OSError, OverflowError) as error:
            raise UserError(explain_port(port, error)) from None

    @property
    def url(self) -> str:
        """The address of the page, with a slash at the end."""
        return f"http://localhost:{self.server_address[1]}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection; waits while there are MAX_CONNECTIONS."""
        self.slots.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a connection in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.slots.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Print an error, unless the browser closed the connection."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def file(self, target: str) -> tuple[str, Path] | None:
        """The path in the folder and the file that a request names; None if there is no such file."""
        path = unquote(urlsplit(target).path, errors="replace").removeprefix("/") or "index.html"
        if "\0" in path or "\\" in path or path.endswith((".br", ".part")):
            return None
        try:
            file = (self.root / path).resolve()
            inside = file.is_relative_to(self.root) and file.is_file()
        except OSError:  # the name is longer than the system allows
            return None
        return (path, file) if inside and file.relative_to(self.root).as_posix() == path else None


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "vitrine"
    sys_version = ""
    timeout = IDLE_TIMEOUT
    disable_nagle_algorithm = True  # headers and body are two writes; without this a file takes 40 ms more

    def do_GET(self) -> None:
        """Send a file."""
        self.send_file(body=True)

    def do_HEAD(self) -> None:
        """Send the headers of a file."""
        self.send_file(body=False)

    def send_file(self, body: bool) -> None:
        """Send the requested file, or an error status with one sentence."""
        match = self.server.file(self.path)
        if not match:
            self.refuse(HTTPStatus.NOT_FOUND, "There is no such file.", body)
            return
        path, file = match
        fields = headers(self.server.rules, path)
        copy = file.with_name(file.name + ".br")
        if copy.is_file():
            fields["Vary"] = "Accept-Encoding"
            if accepts_brotli(self.headers.get("Accept-Encoding", "")):
                fields["Content-Encoding"] = "br"
                file = copy
        try:
            content = file.open("rb")
        except OSError:  # a build has just removed it
            self.refuse(HTTPStatus.NOT_FOUND, "There is no such file.", body)
            return
        with content:
            stat = os.fstat(content.fileno())
            fields["ETag"] = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}{"-br" * (file is copy)}"'
            if fields["ETag"] in self.headers.get("If-None-Match", ""):
                self.send(HTTPStatus.NOT_MODIFIED, fields)
                return
            requested = None if file is copy else parse_range(self.headers.get("Range", ""), stat.st_size)
            if requested == ():
                fields["Content-Range"] = f"bytes */{stat.st_size}"
                status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
                self.refuse(status, "The file has no such range.", body, fields)
                return
            first, last = requested or (0, stat.st_size - 1)
            if requested:
                fields["Content-Range"] = f"bytes {first}-{last}/{stat.st_size}"
            fields["Content-Length"] = str(last - first + 1)
            self.send(HTTPStatus.PARTIAL_CONTENT if requested else HTTPStatus.OK, fields)
            if body:
                content.seek(first)
                self.copy(content, last - first + 1)

    def copy(self, content: BinaryIO, left: int) -> None:
        """Send the next `left` bytes of an open file."""
        while left and (chunk := content.read(min(left, CHUNK))):
            self.wfile.write(chunk)
            left -= len(chunk)

    def refuse(self, status: HTTPStatus, text: str, body: bool, fields: dict[str, str] | None = None) -> None:
        """Send an error status with one sentence as plain text."""
        data = f"{text}\n".encode()
        plain = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(data))}
        self.send(status, headers(self.server.rules, "") | (fields or {}) | plain)
        if body:
            self.wfile.write(data)

    def send(self, status: HTTPStatus, fields: dict[str, str]) -> None:
        """Send the status line and the headers."""
        self.send_response(status)
        for name, value in fields.items():
            if self.server.isolate or name not in ISOLATION:
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the browser's developer tools show requests better."""


def accepts_brotli(header: str) -> bool:
    """Whether the value of an Accept-Encoding header accepts `br`."""
    for item in header.split(","):
        name, _, quality = item.replace(" ", "").partition(";q=")
        if name.lower() == "br":
            return not re.fullmatch(r"0(\.0*)?", quality)
    return False


def parse_range(header: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """First and last byte of a Range header for a file of `size` bytes.

    () if the range is outside the file, None if the header does not hold exactly one range.
    """
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    if not match or match.groups() == ("", ""):
        return None
    start, end = match.groups()
    first = int(start) if start else max(0, size - int(end))
    last = min(int(end), size - 1) if start and end else size - 1
    return (first, last) if first <= last else ()


def explain_port(port: int, error: Exception) -> str:
    """Why a port cannot be opened, and what to do."""
    command = "python3 build.py serve --port"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use. Stop the program that uses it, or use another: {command} {port + 1}."
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return f"This user may not open port {port}. Use a port above 1023: {command} 8000."
    return f"Port {port} cannot be opened ({error}). Use a port from 1024 to 65535: {command} 8000."
