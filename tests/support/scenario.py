"""One scenario for every place the program runs in: CPython, Pyodide under Node, the page's worker.

Standard library and `app` only. Does not judge: each runner compares its numbers with those of CPython.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import and_, or_
from typing import Any, Protocol

from app.core.annotations import Annotations, ColorOverlay
from app.core.card import Input, ModelCard
from app.core.economy import UNKNOWN
from app.core.events import Event
from app.core.frame import Frame
from app.core.geometry import RotatedRect, letterbox
from app.core.meter import Meter
from app.core.model import Model
from app.core.ports import Mask, Sample, Session, Tensor
from app.core.settings import Settings
from app.panel.apply import apply
from app.panel.capabilities import Capabilities
from app.panel.query import from_query
from app.run.loop import Loop
from app.run.pipeline import Pipeline

# Model and the backend whose variant is run. BlazeFace twice: as one graph, and as two with Python between.
RUNS = (("selfie-landscape", "wasm-ort"), ("blazeface", "wasm-ort"), ("blazeface", "webgl"))

# What the visitor sets before each frame; `STEP` frames of the clip lie between two.
PLAN: tuple[dict[str, Any], ...] = (
    {},
    {"smoothing": 100},
    {},
    {"background": "colour", "colour": "#102030"},
    {"mirror": True, "background": "image"},
    {"background": "none"},
    {"background": "transparent", "smoothing": 0},
    {"background": "blur", "blur": 999},  # refused with a note; the rest goes on
    {"smoothing": 60},
    {},
)
STEP = 6
BROKEN = 8  # the frame that cannot be sampled


class Ports(Protocol):
    """What a place brings to the scenario."""

    cards: Mapping[str, ModelCard]

    def clock(self) -> float:
        """Milliseconds."""
        ...

    async def open(self, card: ModelCard, backend: str) -> Session:
        """The card's variant for the backend, run on whatever this place has."""
        ...

    def rgba(self, card: ModelCard, backend: str, index: int) -> Tensor:
        """Frame `index` of the plan at the card's input size, of the variant's element type."""
        ...

    def truth(self, card: ModelCard, index: int) -> bytes:
        """Where the person is in that frame: 1 or 0 for each pixel of the Mask."""
        ...


class Recorder:
    """A Compositor without pixels: a frame's picture is its index. Notes its calls and the Masks."""

    def __init__(self, ports: Ports, card: ModelCard, backend: str, session: Session) -> None:
        self.calls: list[str] = []
        self.masks: list[dict[str, Any]] = []
        self._ports, self._card, self._backend, self._session = ports, card, backend, session

    def sample(
        self, frame: Frame, into: Input, roi: RotatedRect | None = None, rgba: str = "uint8"
    ) -> Sample:
        self.calls.append(f"sample {frame.picture}")
        if frame.picture == BROKEN:
            raise RuntimeError("This frame cannot be sampled.")
        tensor = self._ports.rgba(self._card, self._backend, frame.picture)
        return Sample(tensor, into, letterbox(frame.width, frame.height, into), frame, None)

    def difference(self, sample: Sample) -> float:
        return UNKNOWN

    def remember(self, sample: Sample) -> None:
        pass

    async def compose(self, frame: Frame, mask: Mask | None, settings: Settings) -> None:
        self.calls.append(f"compose {frame.picture} {settings.background}{' mirrored' * settings.mirror}")
        if mask is not None:
            h, w = self._card.mask
            where = mask.letterbox(self._card.input)
            inside = slice(round(where.top * h) * w, round((where.top + where.height) * h) * w)
            values = self._session.numbers(mask.tensor)[inside]
            truth = self._ports.truth(self._card, frame.picture)[inside]
            person = bytes(map((0.5).__lt__, values))
            self.masks.append(
                {
                    "frame": frame.picture,
                    "mean": sum(values) / len(values),
                    "iou": sum(map(and_, person, truth)) / sum(map(or_, person, truth)),
                }
            )

    def annotate(self, annotations: Sequence[Annotations | ColorOverlay], mirror: bool) -> None:
        self.calls.append(f"mark {len(annotations)}")

    def cover(self, settings: Settings) -> None:
        self.calls.append(f"cover {settings.background}")


class Frames:
    """A Camera that gives the plan's frames and counts the closed ones."""

    def __init__(self, begin: Callable[[int], None]) -> None:
        self.dropped = 0
        self.closed: list[int] = []
        self._begin = begin

    async def frames(self) -> AsyncIterator[Frame]:
        for index in range(len(PLAN)):
            self._begin(index)
            yield Frame(index, 640, 480, index * 40.0, close=partial(self.closed.append, index))


async def scenario(ports: Ports) -> dict[str, Any]:
    """Every run of RUNS through Loop and Pipeline; gives `model backend` -> numbers."""
    return {" ".join(run): await _run(ports, *run) for run in RUNS}


async def _run(ports: Ports, model: str, backend: str) -> dict[str, Any]:
    card = ports.cards[model]
    caps = Capabilities(cards=tuple(ports.cards.values()), backdrops=(("study", "Study"),))
    settings, notes = from_query(f"?model={model}&softness=30&colour=red", caps)
    session = await ports.open(card, backend)
    recorder = Recorder(ports, card, backend, session)
    meter = Meter(ports.clock)
    pipeline = Pipeline(settings.task, Model(card, session, recorder, meter))

    def begin(index: int) -> None:
        nonlocal settings
        for name, value in PLAN[index].items():
            try:
                settings = apply(settings, name, value, caps)
            except ValueError as error:
                notes.append(str(error))

    camera = Frames(begin)
    faces: list[list[float]] = []

    def done(events: Sequence[Event]) -> None:
        if "faces" in pipeline.task.outputs:
            faces.append(list(session.numbers(pipeline.task.outputs["faces"]))[:5])

    await Loop(pipeline, recorder, lambda: settings, done).run(camera)
    await session.close()
    return {
        "calls": recorder.calls,
        "masks": recorder.masks,
        "faces": faces,  # score and box of the best face, after each frame
        "closed": camera.closed,
        "frames": meter.frames,
        "notes": notes,
        "look": str(replace(settings, camera="")),
    }


def differences(a: Any, b: Any, where: str = "", most: float = 1e-3) -> list[str]:
    """Where two results are not the same: numbers by more than `most`, all else at all."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return [line for key in a for line in differences(a[key], b[key], f"{where}/{key}", most)]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return [line for i, (x, y) in pairs for line in differences(x, y, f"{where}/{i}", most)]
    if isinstance(a, float) and isinstance(b, int | float):
        return [] if abs(a - b) <= most else [f"{where}: {a} and {b}"]
    return [] if a == b else [f"{where}: {a!r} and {b!r}"]
