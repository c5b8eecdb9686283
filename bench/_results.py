"""The results of `build.py bench`: JSON, Markdown and plots in .vitrine/bench, by part of the comparison.

Measures nothing. `report.md` in that folder joins the parts that were measured last.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench._command import progress
from publish import STATE

FOLDER = STATE / "bench"
PARTS = ("summary", "peers", "native", "curves")  # in the order of report.md
TITLE = "# Vitrine and its peers\n"


def machine(browser: str, gpus: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Where figures are measured: the processor, the browser's version, and its GPUs by backend."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": processor(),
        "system": f"{platform.system()} ({platform.machine()})",
        "browser": f"headless Chromium {browser}",
        "gpus": {name: dict(gpu) for name, gpu in gpus.items()},
    }


def processor(file: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, where the system tells it."""
    text = file.read_text("utf-8", "replace") if file.is_file() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def sentence(found: Mapping[str, Any]) -> str:
    """The machine as one paragraph."""
    gpus = "; ".join(
        f"{name}: {gpu['name']}" + (" (a software GPU: the processor emulates it)" if gpu["imitated"] else "")
        for name, gpu in found["gpus"].items()
        if gpu["name"]
    )
    where = f"{found['browser']}, {found['cores']} cores, {found['processor']}, {found['system']}"
    return f"Measured {found['date']} in {where}. GPUs: {gpus or 'none'}."


class Results:
    """Collects one part, with its plots, and writes it at the end."""

    def __init__(self, part: str, folder: Path = FOLDER) -> None:
        self.part, self.folder = part, folder
        self.paragraphs: list[str] = []
        self.data: dict[str, Any] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, *paragraphs: str) -> None:
        """Add paragraphs of Markdown; also prints them."""
        self.paragraphs += paragraphs
        print("\n" + "\n\n".join(paragraphs), flush=True)

    def notes(self, sentences: Sequence[str]) -> None:
        """Add sentences about what was not measured, as a list."""
        if sentences:
            self.add("\n".join(f"- {sentence}" for sentence in sentences))

    def plot(self, name: str, title: str, svg: str) -> None:
        """Add a plot, which becomes the file PART-NAME.svg."""
        file = f"{self.part}-{name}.svg"
        (self.folder / file).write_text(svg, "utf-8")
        self.add(f"![{title}]({file})")

    def write(self) -> None:
        """Write the part's JSON and Markdown, and join the parts to report.md."""
        text = json.dumps(self.data, indent=1, ensure_ascii=False, default=str) + "\n"
        (self.folder / f"{self.part}.json").write_text(text, "utf-8")
        (self.folder / f"{self.part}.md").write_text("\n\n".join(self.paragraphs) + "\n", "utf-8")
        parts = [self.folder / f"{part}.md" for part in PARTS]
        written = [part.read_text("utf-8") for part in parts if part.is_file()]
        (self.folder / "report.md").write_text("\n".join([TITLE, *written]), "utf-8")
        progress(f"Written: {self.folder / 'report.md'}")
