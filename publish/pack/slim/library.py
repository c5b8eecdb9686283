"""The standard library that the snapshot is made with: what the page does not use comes later.

Does not change the library that the page fetches then: that one is whole.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

LATER = Path(__file__).with_name("later.py")
# Modules that others import and the page does not use -> what is read of them at once.
# A browser has no sockets, processes or temporary files; wheels are installed by the ordinary start alone.
STAND_INS = {
    "asyncio/sslproto.py": "",
    "asyncio/staggered.py": "",
    "asyncio/streams.py": "",
    "asyncio/subprocess.py": "",
    "asyncio/threads.py": "",
    "bz2.py": "",
    "ipaddress.py": "",
    "lzma.py": "",
    "shutil.py": "",
    "socket.py": "AF_UNSPEC=0, AF_INET6=10, AI_PASSIVE=1, SOCK_STREAM=1",
    "ssl.py": "",
    "subprocess.py": "PIPE=-1, STDOUT=-2, DEVNULL=-3",
    "tempfile.py": "",
    "zipfile/__init__.py": "",
}
# Modules of which others need a part: that part.
PARTS = {
    "asyncio/unix_events.py": (
        "from .events import _BaseDefaultEventLoopPolicy as _DefaultEventLoopPolicy\n__all__ = ()\n"
    ),
    "pyodide/_package_loader.py": (
        "from pathlib import PurePosixPath\nfrom site import getsitepackages\n"
        "from pyodide_js import loadedPackages  # a snapshot counts on this reference\n"
        'SITE_PACKAGES = PurePosixPath(getsitepackages()[0])\nDSO_DIR = PurePosixPath("/usr/lib")\n'
        "def init_loaded_packages():\n    pass\n"
    ),
}


def lean(archive: bytes) -> bytes:
    """The standard library's zip file with stand-ins. Raises ValueError where it lacks one of the modules."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        if missing := {*STAND_INS, *PARTS} - {*old.namelist()}:
            raise ValueError(f"the standard library has no {', '.join(sorted(missing))}")
        for info in old.infolist():
            text = old.read(info)
            if info.filename in STAND_INS:
                known = STAND_INS[info.filename]
                text = f"import _later\n_later.stand(__name__{', ' if known else ''}{known})\n".encode()
            elif info.filename in PARTS:
                text = PARTS[info.filename].encode()
            new.writestr(zipfile.ZipInfo(info.filename, info.date_time), text)
        new.writestr(zipfile.ZipInfo("_later.py"), LATER.read_bytes())
    return out.getvalue()
