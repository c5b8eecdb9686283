"""Meter: milliseconds per stage, frames per second, memory.

Does not decide anything from what it measures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

STAGES = ("sample", "infer", "compose")
OVERLAY = "overlay"  # all of it: shown only where there is one
BEAT = 250.0  # ms in one frame after which the end of a stage is a sign of life
WINDOW = 90  # frames remembered: three seconds of a usual camera


class Meter:
    """Times the stages of each frame by `clock`, which gives milliseconds.

    `beat` is called at the end of a stage where the frame takes long, or where there are stages between two
    frames: many short steps are told from one that does not come back. At most once every BEAT ms.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.frames = 0
        self._open: dict[str, float] = {}
        self._begin = 0.0
        self._beaten = 0.0
        self.beat: Callable[[], object] = lambda: None
        self._rows: deque[dict[str, float]] = deque(maxlen=WINDOW)
        self._ends: deque[float] = deque(maxlen=WINDOW)

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Around one frame. A frame that fails is not counted."""
        self._open = {}
        self._begin = self._beaten = self.clock()
        yield
        end = self.clock()
        total = end - self._begin
        spent = sum(self._open.values())
        self._rows.append({**self._open, "python": max(0.0, total - spent), "frame": total})
        self._ends.append(end)
        self.frames += 1

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Around one stage of the frame."""
        begin = self.clock()
        try:
            yield
        finally:
            end = self.clock()
            self._open[name] = self._open.get(name, 0.0) + end - begin
            if end - self._beaten >= BEAT:
                self._beaten = end
                self.beat()

    @property
    def fps(self) -> float:
        """Frames per second over the frames of the last two seconds."""
        now = self.clock()
        recent = [end for end in self._ends if now - end < 2000]
        if len(recent) < 2:
            return 0.0
        return (len(recent) - 1) * 1000 / max(1e-3, recent[-1] - recent[0])

    def stats(self) -> dict[str, Any]:
        """Medians in ms over the last frames, per stage; `python` is what lies outside the stages."""
        over = (OVERLAY,) if any(OVERLAY in row for row in self._rows) else ()
        names = (*STAGES, *over, "python", "frame")
        ms = {name: round(median([row.get(name, 0.0) for row in self._rows] or [0.0]), 2) for name in names}
        return {
            "fps": round(self.fps, 1),
            "ms": ms,
            "frames": self.frames,
            "plot": [round(row["frame"], 1) for row in self._rows],
        }
