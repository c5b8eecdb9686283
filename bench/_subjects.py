"""What is compared: the page on each of its backends, and the same done by others. As data.

Opens and measures nothing. The rows of the page come from the table of backends, so a new backend is a new
row here without a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.core.backend import BACKENDS, Backend
from bench._peer_packages import PACKAGES

MODEL = "selfie-landscape"
OURS, PEERS = "ours", "peers"
PLAIN, NONE = "plain", "none"
SOFTWARE_TITLE = "Browser with a software GPU, which the processor emulates"
SOFTWARE = "software"  # the argument that asks for a software GPU, and the kind of browser that has one


@dataclass(frozen=True)
class Subject:
    """A page to visit: `site` is OURS or PEERS, `query` its settings, `package` the peer that it needs."""

    id: str
    title: str
    site: str
    query: Mapping[str, object] = field(default_factory=dict)
    package: str = ""

    @property
    def missing(self) -> str:
        """Why it cannot be visited, as a sentence; "" if it can."""
        reason = PACKAGES[self.package].missing if self.package else ""
        return f"{self.title}: {PACKAGES[self.package].name} {reason}." if reason else ""


def processor_backends(backends: Mapping[str, Backend] = BACKENDS) -> list[Backend]:
    """The backends that run without a GPU; the first one is what the page uses where there is none."""
    return [backend for backend in backends.values() if not backend.gpu]


@dataclass(frozen=True)
class Leg:
    """Backends that are measured in one browser, whose `gpu` is a row of bench._browser.GPUS, with a peer."""

    title: str
    gpu: str
    backends: tuple[Backend, ...]
    peer: Subject


def legs(
    gpus: Mapping[str, Mapping[str, object]], software: bool, backends: Mapping[str, Backend] = BACKENDS
) -> list[Leg]:
    """What this machine can measure: `gpus` has by backend `name` and `imitated`, as bench/inside/gpus.py.

    A software GPU is measured only if `software` asks for it.
    """
    processor = Leg("Browser without a GPU", "none", tuple(processor_backends(backends)), tasks_vision("CPU"))
    found = {name for name, gpu in gpus.items() if gpu["name"]}
    real = {name for name in found if not gpus[name]["imitated"]}
    out = [processor]
    for title, gpu, names in (
        ("Browser with this machine's GPU", "own", real),
        (SOFTWARE_TITLE, SOFTWARE, found - real),
    ):
        usable = tuple(backend for backend in backends.values() if backend.id in names)
        if usable and (gpu == "own" or software):
            out.append(Leg(title, gpu, usable, tasks_vision("GPU")))
    return out


def page(backend: Backend, name: str = "", **query: object) -> Subject:
    """The page on a backend with one thread; `name` is added to id and title, `query` to its settings."""
    settings = {"backend": backend.id, "threads": 1, "model": MODEL, "background": "blur", **query}
    return Subject(
        f"{backend.id}-{name}" if name else backend.id,
        f"Vitrine, {backend.title}" + (f", {name}" if name else ""),
        OURS,
        settings,
    )


def tasks_vision(delegate: str) -> Subject:
    """The hand-written page with tasks-vision on a delegate, CPU or GPU."""
    query = {"background": "blur", "delegate": delegate}
    name = f"tasks-vision-{delegate.lower()}"
    return Subject(name, f"tasks-vision, {delegate} delegate", PEERS, query, "tasks-vision")


def plain() -> Subject:
    """A page that shows the camera and nothing else."""
    return Subject(PLAIN, "plain video", PEERS, {"background": "none"})


def by_id(subjects: Iterable[Subject]) -> dict[str, Subject]:
    """The subjects that can be visited, by id."""
    return {subject.id: subject for subject in subjects if not subject.missing}
