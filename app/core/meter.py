"""Meter: milliseconds per stage and frames per second.

Does not decide anything from its measurements.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

STAGES = ("sample", "infer", "compose")
OVERLAY = "overlay"  # the whole overlay; reported only while frames have one
REPORT_INTERVAL = 250.0  # ms in one frame after which the end of a stage is reported as progress
WINDOW = 90  # frames remembered: three seconds at 30 frames per second


def median(values: Sequence[float]) -> float:
    """The middle of one or more numbers. statistics.median brings 12 modules into the page's memory."""
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Meter:
    """Measures the stages of each frame with `clock`, which returns milliseconds.

    `on_progress` is called at the end of a stage, at most once every REPORT_INTERVAL ms: in a long frame,
    and for stages between two frames. So the page can tell many short steps from one that never ends.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.frames = 0
        self._open: dict[str, float] = {}
        self._begin = 0.0
        self._reported = 0.0
        self.on_progress: Callable[[], object] = lambda: None
        self._rows: deque[dict[str, float]] = deque(maxlen=WINDOW)
        self._ends: deque[float] = deque(maxlen=WINDOW)

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Measure one frame: `with meter.frame()`. A frame that raises is not counted."""
        self._open = {}
        self._begin = self._reported = self.clock()
        yield
        end = self.clock()
        total = end - self._begin
        spent = sum(self._open.values())
        self._rows.append({**self._open, "python": max(0.0, total - spent), "frame": total})
        self._ends.append(end)
        self.frames += 1

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure one stage of a frame: `with meter.stage(name)`."""
        begin = self.clock()
        try:
            yield
        finally:
            end = self.clock()
            self._open[name] = self._open.get(name, 0.0) + end - begin
            if end - self._reported >= REPORT_INTERVAL:
                self._reported = end
                self.on_progress()

    @property
    def fps(self) -> float:
        """Frames per second over the frames of the last two seconds."""
        now = self.clock()
        recent = [end for end in self._ends if now - end < 2000]
        if len(recent) < 2:
            return 0.0
        return (len(recent) - 1) * 1000 / max(1e-3, recent[-1] - recent[0])

    def stats(self) -> dict[str, Any]:
        """Medians in ms over those of the last frames that had the stage; `python` is the time outside."""
        overlay = (OVERLAY,) if any(OVERLAY in row for row in self._rows) else ()
        names = (*STAGES, *overlay, "python", "frame")
        ms = {
            name: round(median([row[name] for row in self._rows if name in row] or [0.0]), 2)
            for name in names
        }
        return {
            "fps": round(self.fps, 1),
            "ms": ms,
            "frames": self.frames,
            "plot": [round(row["frame"], 1) for row in self._rows],
        }
