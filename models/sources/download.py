"""Downloads a file by https, or reads it from the directory VITRINE_MIRROR instead.

Does not check hashes (fetch.py does). Limits the bytes and the seconds of a download.
"""

from __future__ import annotations

import http.client
import os
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from app.core.errors import UserError

TIMEOUT = 30.0  # seconds without an answer
LONGEST = 900.0  # seconds for one file: 256 MiB at 300 kB/s
CHUNK = 1 << 16

Progress = Callable[[str], None]
# Host -> why it did not answer. A build may need ten files of one host, 30 s each.
_silent: dict[str, str] = {}


class UnavailableError(UserError):
    """A file cannot be had from its place; the message says why."""


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if not newurl.startswith("https://"):
            raise UnavailableError(f"the server redirects to {newurl}, which is not https.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(url: str, most: int, progress: Progress, title: str, exact: bool = True) -> bytes:
    """The bytes at `url`, at most `most`. With `exact`, `most` is the size, and every tenth is reported.

    Raises UnavailableError.
    """
    if not url.startswith("https://"):
        raise UnavailableError("only addresses with https:// can be downloaded.")
    host = urlsplit(url).netloc
    if host in _silent:
        raise UnavailableError(f"no answer ({_silent[host]}).")
    parts: list[bytes] = []
    received, reported, end = 0, -1, monotonic() + LONGEST
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "vitrine-build"})
        with urllib.request.build_opener(_HttpsOnly).open(request, timeout=TIMEOUT) as answer:
            while part := answer.read1(CHUNK):
                parts.append(part)
                received += len(part)
                if received > most:
                    raise UnavailableError(f"the answer is longer than {most} bytes.")
                if monotonic() > end:
                    raise UnavailableError(f"the download took longer than {LONGEST:.0f} seconds.")
                if exact and (tenth := 10 * received // most) > reported:
                    reported = tenth
                    progress(f"{title}: {10 * tenth} % of {most:,} bytes")
    except urllib.error.HTTPError as error:
        error.close()
        raise UnavailableError(f"no answer ({error.code} {error.reason}).") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = str(getattr(error, "reason", error))
        if not received:
            _silent[host] = reason
        raise UnavailableError(f"no answer ({reason}).") from None
    return b"".join(parts)


def mirrored(url: str, sha256: str = "", most: int = 1 << 28) -> bytes | None:
    """The file in the directory VITRINE_MIRROR with this hash or address; None where there is none.

    Its WEIGHTS.toml lists `path`, `sha256` and `url` of each file. Raises UnavailableError where the list or
    the file cannot be read.
    """
    folder = os.environ.get("VITRINE_MIRROR", "")
    if not folder:
        return None
    mirror = Path(folder)
    try:
        rows = tomllib.loads((mirror / "WEIGHTS.toml").read_text("utf-8")).get("file", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnavailableError(f"WEIGHTS.toml in VITRINE_MIRROR is not readable ({error}).") from None
    for row in rows:
        if (sha256 and sha256 == row.get("sha256")) or url == row.get("url"):
            path = mirror / str(row.get("path", ""))
            if not path.resolve().is_relative_to(mirror.resolve()) or not path.is_file():
                raise UnavailableError(f"VITRINE_MIRROR lists {row.get('path')}, but does not contain it.")
            if path.stat().st_size > most:
                raise UnavailableError(f"{row.get('path')} in VITRINE_MIRROR is longer than {most} bytes.")
            return path.read_bytes()
    return None
