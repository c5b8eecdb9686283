"""plan(): addresses for Buffers, so that Buffers that are in use at different times share memory.

Does not know what the Buffers hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.compile.ir import Buffer, Step, round_up

ALIGN = 64  # a cache line
SLACK = 64  # bytes after a Buffer that a vector may reach over its end


def plan(steps: Sequence[Step], fixed: Sequence[Buffer], start: int) -> int:
    """Give each Buffer of the steps its address from `start` on; returns the end.

    The largest Buffers come first; each takes the lowest gap among those in use at the same time. The `fixed`
    ones are in use all the time.
    """
    first: dict[Buffer, int] = {}
    last: dict[Buffer, int] = {}
    for number, step in enumerate(steps):
        views = [view.buffer for view in (*step.reads, *step.writes)]
        for buffer in (*views, *step.scratch):
            first.setdefault(buffer, number)
            last[buffer] = number
    for buffer in fixed:
        first[buffer], last[buffer] = -1, len(steps)
    waiting = [buffer for buffer in first if buffer.offset < 0]
    placed: list[Buffer] = []
    end = start
    for buffer in sorted(waiting, key=lambda each: -each.bytes):
        busy = sorted(
            (other for other in placed if first[other] <= last[buffer] and first[buffer] <= last[other]),
            key=lambda other: other.offset,
        )
        size, at = round_up(buffer.bytes + SLACK, ALIGN), start
        for other in busy:
            if other.offset - at >= size:
                break
            at = max(at, other.offset + round_up(other.bytes + SLACK, ALIGN))
        buffer.offset = at
        placed.append(buffer)
        end = max(end, at + size)
    return end
