"""The curve of memory over time: all processes of a browser that shows a camera with blur, ours and a peer's.

Draws nothing. Linux only, because the sizes are those of /proc: a page that several processes share counts
for each of them in part.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import _processes
from bench._browser import TIMEOUT, launch
from bench._curve_cost import Series
from bench._subjects import OURS, by_id, page, plain, processor_backends, tasks_vision
from bench._visits import CAMERA, FIRST_PICTURE, address, open_camera
from tests.support import clip

STEP, STEPS = 5.0, 12  # s between two sizes; how many sizes


def memory(urls: Mapping[str, str]) -> Series:
    """MB of memory against the seconds since the first picture. Empty where it cannot be counted."""
    out: Series = {}
    if not _processes.available():
        return out
    subjects = by_id([*map(page, processor_backends()), tasks_vision("CPU"), plain()])
    with TemporaryDirectory() as folder:
        video = clip.write(Path(folder) / "clip.mjpeg")
        flags = (*CAMERA, f"--use-file-for-fake-video-capture={video}")
        for subject in subjects.values():
            with launch(*flags, gpu="none") as browser:
                context = browser.new_context(permissions=["camera"])
                context.add_init_script(FIRST_PICTURE[subject.site])
                opened = context.new_page()
                opened.set_default_timeout(TIMEOUT)
                opened.goto(address(urls, subject, source="camera"), wait_until="commit")
                opened.evaluate("globalThis.firstPicture")
                if subject.site == OURS:
                    open_camera(opened)
                points = out.setdefault(subject.title, [])
                for step in range(1, STEPS + 1):
                    opened.wait_for_timeout(1000 * STEP)
                    points.append((STEP * step, _processes.megabytes()))
    return out
