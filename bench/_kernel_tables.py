"""The tables of bench/kernels.py: speed against onnxruntime-web, sizes, layers, and kernels against the peak.

Pure: measures, reads and prints nothing. Times are in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench._statistics import Ratio, Rounds, flat, ratio

KINDS = {"ort": "onnxruntime-web", "simd": "simd128", "relaxed": "relaxed SIMD"}
COMPILED = ("simd", "relaxed")
ABSENT = "–"
SHORT = 0.02  # layers of less than this part of a run are added up in one row
Table = tuple[list[str], list[list[object]]]  # head and rows


@dataclass(frozen=True)
class Speed:
    """The times of a graph by kind: rounds, each with the times of its runs."""

    title: str
    goal: float | None
    macs: int
    times: Mapping[str, Rounds]

    def figures(self, kind: str) -> tuple[float, float, float]:
        """Minimum, 10th percentile and median of a kind."""
        every = sorted(flat(self.times[kind]))
        return every[0], every[len(every) // 10], median(every)

    def ratio(self, kind: str) -> Ratio:
        """How many times as fast as onnxruntime-web a kind is."""
        return ratio(self.times["ort"], self.times[kind])

    @property
    def missed(self) -> list[str]:
        """The modules that miss the goal by the minima."""
        goal = self.goal or 0.0
        return [KINDS[kind] for kind in COMPILED if round(self.ratio(kind).minima, 2) < goal]


@dataclass(frozen=True)
class Sizes:
    """What a graph takes: bytes, and (as they are, packed by brotli) of files; times of a start."""

    title: str
    modules: Mapping[str, tuple[int, int]]
    weights: tuple[int, int]
    memory: int
    compiled: float  # seconds that compiling both modules took
    starts: Mapping[str, tuple[float, float]]  # by kind: until it can run, and the first run


@dataclass(frozen=True)
class Layers:
    """The steps of a graph: title, multiplications and time of each; `run` is the time of all at once."""

    title: str
    steps: Sequence[tuple[str, int, float]]
    run: float


def speed(rows: Iterable[Speed]) -> Table:
    """Ratios beside the goal, then the times."""
    head = ["Graph", "MMAC", "Goal"]
    head += [f"{KINDS[kind]}: times as fast" for kind in COMPILED]
    head += [f"{title}, ms" for title in KINDS.values()]
    table: list[list[object]] = []
    for row in rows:
        goal = f"{row.goal:.1f}" if row.goal else ABSENT
        goal += f" (missed by {' and '.join(row.missed)})" if row.missed else ""
        ratios = [f"{found.minima:.2f} ({found.median:.2f})" for found in map(row.ratio, COMPILED)]
        times = [" / ".join(map(short, row.figures(kind))) for kind in KINDS]
        table.append([row.title, f"{row.macs / 1e6:.1f}", goal, *ratios, *times])
    return head, table


def sizes(rows: Iterable[Sizes]) -> Table:
    """Bytes of files as they are and packed, memory, and times of a start."""
    head = ["Graph", "simd128, kB", "relaxed SIMD, kB", "Weights, kB", "Memory, MB", "Compiled in, s"]
    head += ["Ready, ms", "First run, ms", "onnxruntime-web: session, ms", "First run, ms"]
    table: list[list[object]] = []
    for row in rows:
        files = [
            f"{raw / 1e3:.1f} / {packed / 1e3:.1f}" for raw, packed in (*row.modules.values(), row.weights)
        ]
        starts = [f"{time:.1f}" for kind in ("simd", "ort") for time in row.starts[kind]]
        memory = f"{row.memory / 1e6:.2f}"
        table.append([row.title, *files, memory, f"{row.compiled:.2f}", *starts])
    return head, table


# A column of the table of kernels, by the first words of the steps that belong to it.
KERNELS: dict[str, tuple[str, ...]] = {
    "Dense, 1 × 1": ("dense 1x1", "product"),
    "Dense, larger": ("dense",),
    "Depthwise": ("depthwise",),
    "Transposed": ("transposed 2x2",),
    "The rest": ("",),
}


def kernel_of(title: str) -> str:
    """The column of a step."""
    return next(name for name, starts in KERNELS.items() if title.startswith(starts))


def kernels(rows: Iterable[Layers], peak: float) -> Table:
    """For each graph and kernel: GMAC/s, the part of the peak (in GMAC/s), and the part of the run's time."""
    head = ["Graph", "All", *KERNELS]
    table: list[list[object]] = []
    for row in rows:
        cells = [rate(sum(macs for _, macs, _ in row.steps), row.run, peak)]
        total = sum(time for *_, time in row.steps)
        for name in KERNELS:
            own = [(macs, time) for title, macs, time in row.steps if kernel_of(title) == name]
            share = sum(time for _, time in own) / total
            if name == "The rest":
                cells.append(f"{100 * share:.0f} % of the time")
            elif own:
                found = rate(sum(macs for macs, _ in own), sum(time for _, time in own), peak)
                cells.append(f"{found}; {100 * share:.0f} %")
            else:
                cells.append(ABSENT)
        table.append([row.title, *cells])
    return head, table


def tiles(rates: Mapping[str, Mapping[int, float]], peaks: Mapping[str, float]) -> Table:
    """GMAC/s by kind of module and pixels of a tile."""
    pixels = list(rates["simd"])
    table: list[list[object]] = [
        [KINDS[kind], *(f"{own[count]:.1f}" for count in pixels), f"{peaks[kind]:.1f}"]
        for kind, own in rates.items()
    ]
    return ["Module", *map(str, pixels), "Peak"], table


def layers(row: Layers, peak: float, least: float = SHORT) -> Table:
    """The steps of a graph in their order; those below the part `least` of the time are added up."""
    total = sum(time for *_, time in row.steps)
    long = [step for step in row.steps if step[2] >= least * total]
    table: list[list[object]] = []
    for title, macs, time in long:
        table.append([title, *_cells(macs, time, total, peak)])
    if rest := [step for step in row.steps if step[2] < least * total]:
        macs, time = sum(macs for _, macs, _ in rest), sum(time for *_, time in rest)
        table.append([f"{len(rest)} shorter steps", *_cells(macs, time, total, peak)])
    return ["Step", "MMAC", "Time, µs", "Part of the run", "GMAC/s (part of the peak)"], table


def _cells(macs: int, time: float, total: float, peak: float) -> list[object]:
    numbers = [f"{macs / 1e6:.2f}", f"{1e3 * time:.0f}", f"{100 * time / total:.0f} %"]
    return [*numbers, rate(macs, time, peak) if macs else ABSENT]


def rate(macs: int, time: float, peak: float) -> str:
    """GMAC/s, and the part of the peak."""
    gmacs = macs / time / 1e6
    return f"{gmacs:.1f} ({100 * gmacs / peak:.0f} %)"


def short(time: float) -> str:
    """A time with three digits."""
    return f"{time:.3f}" if time < 1 else f"{time:.2f}" if time < 10 else f"{time:.1f}"


def multiplications(steps: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """The steps of a Program; only kernels that multiply and add keep their number."""
    last: Any = [*KERNELS][-1]
    return [(title, 0 if kernel_of(title) == last else macs) for title, macs in steps]
