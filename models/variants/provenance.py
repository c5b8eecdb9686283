"""The provenance of a card's figures: when, with which browser and on which machine they were measured.

Does not measure. Figures from before each card had its own provenance have one for all cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]
ALWAYS = ("wasm-ort",)  # backends whose times do not depend on the GPU
EMULATED = "emulated in software"


@dataclass(frozen=True)
class Provenance:
    """One measurement; `gpu` has (backend, its name as the page's Probe reports it, whether emulated)."""

    machine: str
    browser: str
    runtime: str  # onnxruntime-web's version
    date: str  # ISO
    gpu: tuple[tuple[str, str, bool], ...]
    about: str = ""  # a description of the GPUs where their names were not recorded

    def __str__(self) -> str:
        return f"{self.browser}, onnxruntime-web {self.runtime}, {self.machine}; {self.about or self._gpus()}"

    def _gpus(self) -> str:
        parts = []
        for name, emulated in dict.fromkeys((name, emulated) for _, name, emulated in self.gpu):
            backends = " and ".join(TITLES[b] for b, *gpu in self.gpu if gpu == [name, emulated])
            parts.append(f"{backends} by {name}{f', {EMULATED}' * emulated}" if name else f"no {backends}")
        if any(emulated for _, _, emulated in self.gpu):
            parts.append("the choice ignores the times of an emulated GPU")
        return "; ".join(parts) or "no GPU"


TITLES = {"webgl": "WebGL", "webgpu": "WebGPU"}


def of(figures: Figures, card: str) -> Provenance | None:
    """The provenance of a card's figures; None without figures."""
    stamp = figures.get("stamps", {}).get(card)
    if stamp:
        gpu = tuple((backend, row["name"], row["imitated"]) for backend, row in stamp["gpu"].items())
        return Provenance(stamp["machine"], stamp["browser"], stamp["onnxruntime-web"], stamp["date"], gpu)
    if "machine" not in figures or card not in {row["card"] for row in figures.get("rows", ())}:
        return None
    about = f"{figures['gpu']}, so the choice ignores their times"
    runtime = figures["versions"]["onnxruntime-web"]
    return Provenance(figures["machine"], figures["browser"], runtime, figures["date"], (), about)


def timed_backends(figures: Figures, card: str) -> tuple[str, ...]:
    """The backends whose times count in the choice for a card: WASM, and those of a real GPU."""
    provenance = of(figures, card)
    gpus = provenance.gpu if provenance else ()
    real = [backend for backend, name, emulated in gpus if name and not emulated]
    return (*ALWAYS, *real)


def sentences(figures: Figures, cards: Iterable[str]) -> list[str]:
    """A sentence for each provenance of the cards, which names its cards where there are several."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for card in cards:
        if provenance := of(figures, card):
            groups.setdefault(str(provenance), []).append((provenance.date, card))
    result = []
    for where, rows in groups.items():
        days = sorted({date for date, _ in rows})
        when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        names = f" ({', '.join(card for _, card in rows)})" if len(groups) > 1 else ""
        result.append(f"Measured {when}{names} in headless {where}.")
    return result
