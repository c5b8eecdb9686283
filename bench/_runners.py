"""Who runs a model: the page on each backend, and the peers, as data. One row is one way to run one model.

Opens and measures nothing. A model's published file is what the peers get, and the page runs what the build
made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.backend import Backend
from bench._peer_packages import PACKAGES
from bench._subjects import Leg, processor_backends
from models.sources import fetch
from models.sources.fetch import Fetched, MissingSourceError
from models.spec.card import Card, File, Source

INFERENCE, PICTURE = "inference", "picture"  # what is timed: tensor to tensors, or picture to result
BLAZEFACE = "https://tfhub.dev/tensorflow/tfjs-model/blazeface/1/default/1"
TFJS = ("tfjs-core", "tfjs-converter", "tfjs-backend-cpu")
# Published beside the card's own file, in the format of another runtime.
OTHERS: dict[str, Source] = {
    "blazeface": Source(
        "tfjs",
        (
            File(
                "model.json",
                "684f02781658de50fe2fb9e6faf913535baa8b8351ecfc1ed6f884764349103c",
                64032,
                url=f"{BLAZEFACE}/model.json?tfjs-format=file",
            ),
            File(
                "group1-shard1of1",
                "60b481ab6c19352673cdb21e02e639f90883db1393ac52d07c7ea4e1e11cb2cd",
                401768,
                url=f"{BLAZEFACE}/group1-shard1of1?tfjs-format=file",
            ),
        ),
        scale=1 / 127.5,
        offset=-1.0,
    )
}


@dataclass(frozen=True)
class Runner:
    """`script` is bench/inside/SCRIPT.js; "" for the page itself, whose `backend` it then is.

    `times` is INFERENCE or PICTURE; `format` is that of the model's file; `models` limits what it can run.
    """

    id: str
    title: str
    times: str
    gpu: bool = False
    backend: str = ""
    script: str = ""
    packages: tuple[str, ...] = ()
    format: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    models: tuple[str, ...] = ()

    @property
    def missing(self) -> str:
        """Why it cannot run, as the end of a sentence; "" if it can."""
        reasons = [(PACKAGES[id].name, PACKAGES[id].missing) for id in self.packages]
        return next((f"{name} {reason}" for name, reason in reasons if reason), "")


def ours(backend: Backend, times: str) -> Runner:
    """The page on a backend, with one thread."""
    return Runner(backend.id, f"Vitrine, {backend.title}", times, backend.gpu, backend.id)


def _tfjs(backend: str, title: str, gpu: bool) -> Runner:
    packages = (*TFJS, f"tfjs-backend-{backend}")
    options = {"backend": backend}
    return Runner(f"tfjs-{backend}", f"TF.js, {title}", INFERENCE, gpu, "", "tfjs", packages, "tfjs", options)


def _vision(delegate: str, task: str, *models: str) -> Runner:
    return Runner(
        f"tasks-vision-{delegate.lower()}",
        f"tasks-vision, {delegate}",
        PICTURE,
        delegate == "GPU",
        script="vision",
        packages=("tasks-vision",),
        format="tflite",
        options={"delegate": delegate, "task": task},
        models=models,
    )


SEGMENTERS = ("selfie-landscape", "selfie")
PEERS = (
    Runner("litert", "LiteRT.js", INFERENCE, False, "", "litert", ("litert", "litert-utils"), "tflite"),
    _tfjs("wasm", "WASM", False),
    _tfjs("webgl", "WebGL", True),
    *(_vision(delegate, "ImageSegmenter", *SEGMENTERS) for delegate in ("CPU", "GPU")),
    *(_vision(delegate, "FaceDetector", "blazeface") for delegate in ("CPU", "GPU")),
    Runner(
        "legacy",
        "legacy solution",
        PICTURE,
        True,
        script="legacy",
        packages=("legacy",),
        models=SEGMENTERS,
    ),
)


def runners(card: Card, times: str, leg: Leg) -> list[Runner]:
    """Who can run the card in the leg's browser: the page on its processor backends first, then others."""
    gpu = leg.gpu != "none"
    backends = dict.fromkeys((*processor_backends(), *leg.backends))
    own = [ours(backend, times) for backend in backends]
    found = [peer for peer in PEERS if peer.times == times and peer.gpu == gpu]
    return [*own, *(peer for peer in found if not peer.models or card.id in peer.models)]


def published(card: Card, format: str) -> Fetched:
    """The card's published files in a format. Raises MissingSourceError."""
    others = [OTHERS[card.id]] if card.id in OTHERS else []
    sources = [*card.sources, *others]
    source = next((source for source in sources if source.format == format), None)
    if source is None:
        raise MissingSourceError(f"{card.title} is not published as {format}.")
    return fetch.fetch(replace(card, sources=(source,)), lambda text: None)


def job(card: Card, runner: Runner, folder: str) -> dict[str, Any]:
    """What a script needs to run a card whose published files are in `folder` of the site."""
    return {
        **runner.options,
        "model": folder,
        "card": card.id,
        "shape": [1, card.input.height, card.input.width, 3],
    }
