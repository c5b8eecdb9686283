"""Bytes from an https address, or from the directory VITRINE_MIRROR that stands in for one.

Does not check what they are: who asked knows the hash. Bounded in bytes and in seconds.
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

TIMEOUT = 30.0  # seconds without an answer before it is given up
LONGEST = 900.0  # seconds for one file: 256 MiB at 300 kB/s
CHUNK = 1 << 16

Say = Callable[[str], None]
_silent: dict[str, str] = {}  # host -> why it did not answer; a build asks some for ten files, 30 s each


class Refused(Exception):
    """The address does not give the file, and why."""


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if not newurl.startswith("https://"):
            raise Refused(f"it leads to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(url: str, most: int, say: Say, title: str, exact: bool = True) -> bytes:
    """What is at `url`, at most `most` bytes; `say` is told each tenth, where `exact` means `most` is all.

    Raises Refused.
    """
    if not url.startswith("https://"):
        raise Refused("only https is fetched")
    host = urlsplit(url).netloc
    if host in _silent:
        raise Refused(f"no answer ({_silent[host]})")
    parts: list[bytes] = []
    got, told, end = 0, -1, monotonic() + LONGEST
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "vitrine-build"})
        with urllib.request.build_opener(_HttpsOnly).open(request, timeout=TIMEOUT) as answer:
            while part := answer.read1(CHUNK):
                parts.append(part)
                got += len(part)
                if got > most:
                    raise Refused(f"the answer is longer than {most} bytes")
                if monotonic() > end:
                    raise Refused(f"it took longer than {LONGEST:.0f} seconds")
                if exact and (tenth := 10 * got // most) > told:
                    told = tenth
                    say(f"{title}: {10 * tenth} % of {most:,} bytes")
    except urllib.error.HTTPError as error:
        error.close()
        raise Refused(f"no answer ({error.code} {error.reason})") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = str(getattr(error, "reason", error))
        if not got:
            _silent[host] = reason
        raise Refused(f"no answer ({reason})") from None
    return b"".join(parts)


def mirrored(url: str, sha256: str = "", most: int = 1 << 28) -> bytes | None:
    """The file that the directory VITRINE_MIRROR keeps for a hash or an address; None where it has none.

    Its WEIGHTS.toml lists `path`, `sha256` and `url` of each. Raises Refused where the list or a file in it
    cannot be read.
    """
    folder = os.environ.get("VITRINE_MIRROR", "")
    if not folder:
        return None
    mirror = Path(folder)
    try:
        rows = tomllib.loads((mirror / "WEIGHTS.toml").read_text("utf-8")).get("file", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(f"VITRINE_MIRROR: WEIGHTS.toml is not readable: {error}") from None
    for row in rows:
        if (sha256 and sha256 == row.get("sha256")) or url == row.get("url"):
            path = mirror / str(row.get("path", ""))
            if not path.resolve().is_relative_to(mirror.resolve()) or not path.is_file():
                raise Refused(f"VITRINE_MIRROR: {row.get('path')} is listed and not there")
            if path.stat().st_size > most:
                raise Refused(f"VITRINE_MIRROR: {row.get('path')} is longer than {most} bytes")
            return path.read_bytes()
    return None
