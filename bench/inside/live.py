"""Notes the time of each live frame to its Mask, by the page's own task. Run by bench/_visits.py.

Runs no frame itself.
"""

import json
from typing import Any

import page

from app.page.session import now


class Timed:
    """The task, with the ms of each of its steps in `times`."""

    def __init__(self, task: Any) -> None:
        self._task = task
        self.times: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    async def step(self, frame: Any, settings: Any) -> Any:
        """See Task."""
        begin = now()
        result = await self._task.step(frame, settings)
        self.times.append(now() - begin)
        return result


async def main(what: str) -> str:
    """`what` is begin or end; the end returns the ms of the frames since the begin, as JSON."""
    shell: Any = page.python.unwrap()
    pipeline = shell.engine.pipeline
    if what == "begin":
        pipeline.task = Timed(pipeline.task)
        return "null"
    times, pipeline.task = pipeline.task.times, pipeline.task._task
    return json.dumps(times)
