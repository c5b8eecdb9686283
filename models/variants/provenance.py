"""Where, when and on what the figures of a card were measured, and in words.

Does not measure. Figures written before cards had a stamp each have one for all of them, at the top.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]
# Milliseconds on WASM are the processor's whatever GPU there is.
ALWAYS = ("wasm",)
IMITATED = "imitated by the processor"


@dataclass(frozen=True)
class Stamp:
    """One measuring: `gpu` has (backend, its name as the page's Probe gives it, whether it is imitated)."""

    machine: str
    browser: str
    runtime: str  # onnxruntime-web's version
    date: str  # ISO
    gpu: tuple[tuple[str, str, bool], ...]
    about: str = ""  # what is said of the GPUs in words, where their names were not noted

    def __str__(self) -> str:
        return f"{self.browser}, onnxruntime-web {self.runtime}, {self.machine}; {self.about or self._gpus()}"

    def _gpus(self) -> str:
        said = []
        for name, imitated in dict.fromkeys((name, imitated) for _, name, imitated in self.gpu):
            backends = " and ".join(TITLES[b] for b, *each in self.gpu if each == [name, imitated])
            said.append(f"{backends} by {name}{f', {IMITATED}' * imitated}" if name else f"no {backends}")
        if any(imitated for _, _, imitated in self.gpu):
            said.append("the times of an imitated GPU did not count in the choice")
        return "; ".join(said) or "no GPU"


TITLES = {"webgl": "WebGL", "webgpu": "WebGPU"}


def of(figures: Figures, card: str) -> Stamp | None:
    """The stamp of a card's figures; None where it has none."""
    given = figures.get("stamps", {}).get(card)
    if given:
        gpu = tuple((backend, row["name"], row["imitated"]) for backend, row in given["gpu"].items())
        return Stamp(given["machine"], given["browser"], given["onnxruntime-web"], given["date"], gpu)
    if "machine" not in figures or card not in {row["card"] for row in figures.get("rows", ())}:
        return None
    about = f"{figures['gpu']}, so their times are not a GPU's and did not count in the choice"
    runtime = figures["versions"]["onnxruntime-web"]
    return Stamp(figures["machine"], figures["browser"], runtime, figures["date"], (), about)


def timed(figures: Figures, card: str) -> tuple[str, ...]:
    """The backends whose milliseconds count for a card: a GPU's only where it was a real one."""
    stamp = of(figures, card)
    real = [backend for backend, name, imitated in (stamp.gpu if stamp else ()) if name and not imitated]
    return (*ALWAYS, *real)


def told(figures: Figures, cards: Iterable[str]) -> list[str]:
    """A sentence for each machine the cards were measured on, with the cards where it was not one for all."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for card in cards:
        if stamp := of(figures, card):
            groups.setdefault(str(stamp), []).append((stamp.date, card))
    found = []
    for where, rows in groups.items():
        days = sorted({date for date, _ in rows})
        when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        which = f" ({', '.join(card for _, card in rows)})" if len(groups) > 1 else ""
        found.append(f"Measured {when}{which} in headless {where}.")
    return found
