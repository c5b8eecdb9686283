"""Finds a Chromium for tests and benchmarks: an installed one, else Playwright's, else the system's package.

Does not start it: tests and benchmarks do, with `FLAGS`.
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
SANDBOX = ["--no-sandbox"] if ROOT_USER else []  # Chromium does not start as root otherwise
# Emulate WebGL and WebGPU in software, so that every backend runs on a machine without a GPU.
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
    """Path of a Chromium on this machine, that of VITRINE_CHROMIUM first; None if there is none."""
    named = os.environ.get("VITRINE_CHROMIUM", "")
    places = [*map(shutil.which, filter(None, (named, *NAMES))), *PLACES]
    path = next((path for path in places if path and Path(path).is_file()), None) or playwright_path()
    return path if path and Path(path).is_file() else None


def ensure() -> str:
    """Path of a Chromium, which is installed now if there is none. Raises UserError if that fails."""
    if path := find():
        return path
    print("Chromium: none is installed, downloading Playwright's", flush=True)
    last_line = run([sys.executable, "-m", "playwright", "install", "chromium"])
    if not (path := find()) and ROOT_USER and shutil.which("apt-get"):
        print("Chromium: Playwright's is unavailable, installing the system's package", flush=True)
        run(["apt-get", "update", "-q"])
        last_line = run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"])
        path = find()
    if not path:
        raise UserError(
            "There is no Chromium, and none could be installed. Install Chromium or Chrome, or set "
            "VITRINE_CHROMIUM to the path of one, then run the same command again. The last attempt printed: "
            f"{last_line}"
        )
    return path


def playwright_path() -> str | None:
    """Path of the Chromium that Playwright would start, which may not exist."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:  # Playwright is installed for tests and benchmarks only
        return None
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def run(command: list[str]) -> str:
    """Run an installer; returns the last line that it printed."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    process = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    return (process.stdout.strip().splitlines() or ["nothing printed"])[-1]


if __name__ == "__main__":
    try:
        ensure()
    except UserError as error:
        sys.exit(f"\n{error}")
