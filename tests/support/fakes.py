"""Stand-ins for the ports: they record what they are asked for and give what they were told to.

Do not compute anything.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from app.core.annotations import Annotations, ColorOverlay
from app.core.backend import Probe
from app.core.card import Graph, Input, ModelCard, Variant
from app.core.economy import UNKNOWN
from app.core.frame import Frame
from app.core.gallery import OWN, File, Gallery
from app.core.geometry import RotatedRect, letterbox
from app.core.ports import Mask, Sample
from app.core.settings import Settings
from app.panel.capabilities import Capabilities

GRAPH = Graph("models/some.onnx", 1000, "ab" * 32)
SELFIE = ModelCard(
    id="selfie-landscape",
    title="Selfie landscape",
    kind="segmenter",
    about="",
    licence="Apache-2.0",
    input=Input(144, 256, "stretch"),
    mask=(144, 256),
    variants=(
        Variant("fp16", ("wasm", "wasm-ort", "webgpu"), (GRAPH,)),
        Variant("webgl", ("webgl",), (GRAPH,), "float32"),
    ),
)
FACES = replace(
    SELFIE,
    id="blazeface",
    title="BlazeFace",
    kind="detector",
    input=Input(128, 128, "letterbox"),
    mask=(64, 64),
    variants=(Variant("fp16", ("wasm", "wasm-ort", "webgpu"), (GRAPH,)),),
)
ABSENT = replace(SELFIE, id="absent", title="Absent", variants=(), missing="no source answered")
MESH = replace(
    SELFIE,
    id="facemesh",
    title="FaceMesh",
    kind="landmarks",
    input=Input(192, 192, "stretch"),
    mask=(0, 0),
    variants=(Variant("fp16", ("wasm", "wasm-ort", "webgpu"), (GRAPH,)),),
)
POSE = replace(MESH, id="movenet", title="MoveNet", kind="pose", input=Input(192, 192, "letterbox"))
GPU = Probe(cores=8, isolated=True, jspi=True, webgl="ANGLE (Intel, Iris)", webgpu="apple m2")
CUT = (
    Variant("cutout", ("wasm", "wasm-ort", "webgpu"), (GRAPH,)),
    Variant("cutout-webgl", ("webgl",), (GRAPH,), "float32"),
)
BODY = replace(SELFIE, id="bodypix", title="BodyPix", input=Input(241, 321, "letterbox"), cutouts=CUT)
CLASSES = replace(
    MESH, id="mobilenet-v2", title="MobileNetV2", kind="classifier", input=Input(224, 224, "crop")
)
GALLERY = Gallery(
    id="characters",
    title="Characters",
    count=100,
    names=File("galleries/names.json", 1000),
    sheets=(File("galleries/a.webp", 1000), File("galleries/b.webp", 1000)),
    columns=8,
    rows=8,
    size=96,
    indexes={"mobilenet-v2": (Variant("fp32", ("wasm", "wasm-ort", "webgpu"), (GRAPH,)),)},
)
MINE = replace(GALLERY, id=OWN, title="Your own pictures", count=256, sheets=())
CAPS = Capabilities(
    probe=GPU, cards=(SELFIE, FACES, ABSENT, MESH, POSE), backdrops=(("study", "Study"), ("dunes", "Dunes"))
)
# A build that the look-alike task is in.
LIKE = replace(
    CAPS,
    cards=(replace(SELFIE, cutouts=CUT), BODY, FACES, ABSENT, MESH, POSE, CLASSES),
    galleries=(GALLERY, MINE),
)


class Clock:
    """Milliseconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeSession:
    """Gives the outputs it was made with, or raises them. `takes` ms pass on `clock` in each run."""

    def __init__(self, outputs: Any = None, clock: Clock | None = None, takes: float = 0.0) -> None:
        self.outputs = outputs if outputs is not None else {"mask": "mask"}
        self.fed: list[dict[str, Any]] = []
        self.closed = 0
        self._clock, self._takes = clock, takes

    async def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        self.fed.append(dict(feeds))
        if self._clock:
            self._clock.now += self._takes
        if isinstance(self.outputs, Exception):
            raise self.outputs
        return dict(self.outputs)

    def tensor(self, numbers: Sequence[float] | array[float], shape: Sequence[int]) -> Any:
        assert len(numbers) == prod(shape)
        return array("f", numbers)

    def blank(self, shape: Sequence[int]) -> Any:
        return ("blank", tuple(shape))

    def numbers(self, tensor: Any) -> array[float]:
        assert isinstance(tensor, array)
        return tensor

    async def close(self) -> None:
        self.closed += 1


class FakeCompositor:
    """Notes every call as (what, ...) in `calls`."""

    def __init__(self, clock: Clock | None = None, takes: float = 0.0) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.fails = self.unmarked = False
        self.apart = UNKNOWN  # what `difference` gives
        self.remembered: list[Any] = []
        self._clock, self._takes = clock, takes

    def sample(
        self, frame: Frame, into: Input, roi: RotatedRect | None = None, rgba: str = "uint8"
    ) -> Sample:
        self.calls.append(("sample", frame.picture, into, *([roi] if roi else [])))
        self._pass()
        place = None if roi else letterbox(frame.width, frame.height, into)
        return Sample(f"rgba of {frame.picture}", into, place, frame, None)

    def difference(self, sample: Sample) -> float:
        return self.apart

    def remember(self, sample: Sample) -> None:
        self.remembered.append(sample.frame.picture)

    async def compose(self, frame: Frame, mask: Mask | None, settings: Settings) -> None:
        if self.fails:
            raise RuntimeError("the picture could not be drawn")
        self.calls.append(("compose", frame.picture, mask and mask.tensor, settings.background))
        self._pass()

    def annotate(self, annotations: Sequence[Annotations | ColorOverlay], mirror: bool) -> None:
        if self.unmarked:
            raise RuntimeError("the annotations could not be drawn")
        self.calls.append(("mark", mirror, *annotations))
        self._pass()

    def cover(self, settings: Settings) -> None:
        self.calls.append(("cover", settings.background))

    def _pass(self) -> None:
        if self._clock:
            self._clock.now += self._takes


class FakeCamera:
    """Gives frames named by the numbers 1 to `count` and notes the closed ones, in order."""

    def __init__(self, count: int, is_photo: bool = False) -> None:
        self.dropped = 0
        self.closed: list[int] = []
        self._count, self._still = count, is_photo

    def frame(self, name: int) -> Frame:
        return Frame(
            name, 640, 480, name * 40.0, is_photo=self._still, close=lambda: self.closed.append(name)
        )

    async def frames(self) -> AsyncIterator[Frame]:
        for name in range(1, self._count + 1):
            yield self.frame(name)
