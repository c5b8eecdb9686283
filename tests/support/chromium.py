"""A Chromium for tests and benchmarks: an installed one, else Playwright's, else the system's package.

Does not start it for a test: tests do, with `FLAGS`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from app.core.errors import UserError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0
# WebGL and WebGPU in software, so that every backend runs on a machine without a GPU.
SANDBOX = ["--no-sandbox"] if ROOT_USER else []  # it does not start as root otherwise
FLAGS = (
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
    *SANDBOX,
)


def find() -> str | None:
    """Path of a Chromium that is on this machine; VITRINE_CHROMIUM names one. None where there is none."""
    named = os.environ.get("VITRINE_CHROMIUM", "")
    places = [*map(shutil.which, filter(None, (named, *NAMES))), *PLACES]
    found = next((path for path in places if path and Path(path).is_file()), None) or playwrights()
    return found if found and Path(found).is_file() else None


def ensure() -> str:
    """Path of a Chromium, installed now where there was none. Raises UserError where that fails."""
    if path := find():
        return path
    print("Chromium: none installed, fetching Playwright's", flush=True)
    tried = run([sys.executable, "-m", "playwright", "install", "chromium"])
    if not (path := find()) and ROOT_USER and shutil.which("apt-get"):
        print("Chromium: Playwright's cannot be had, installing the system's package", flush=True)
        run(["apt-get", "update", "-q"])
        tried = run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"])
        path = find()
    if not path:
        raise UserError(
            "No Chromium here, and none could be installed. Install Chromium or Chrome, or name one by its "
            f"path in VITRINE_CHROMIUM, then run the same command again. The last attempt said: {tried}"
        )
    return path


def playwrights() -> str | None:
    """Path of the Chromium that Playwright would start; it need not exist."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:  # installed for tests and benchmarks only
        return None
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def run(command: list[str]) -> str:
    """Run an installer; gives the last line it printed."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=quiet)
    return (ran.stdout.strip().splitlines() or ["nothing printed"])[-1]


if __name__ == "__main__":
    try:
        ensure()
    except UserError as error:
        sys.exit(f"\n{error}")
