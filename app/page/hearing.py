"""Hearing: what page.js tells a worker, a function for each message.

Does not answer: what follows is the Worker's to tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.backgrounds.image import USER_IMAGE
from app.core import messages
from app.page import compare, keeping
from app.page.trial import try_next
from app.panel.apply import apply, changed
from app.worker.handover import stayed

if TYPE_CHECKING:
    from app.page.start import Worker


def hear(worker: Worker, js_message: Any) -> None:
    """A message: `type` names the function below, the rest are its arguments."""
    message = js_message.to_py()
    HEARD[message.pop("type")](worker, **message)


def set_(worker: Worker, name: str, value: Any) -> None:
    """The visitor changed a setting."""
    try:
        worker.change(apply(worker.settings, name, value, worker.caps))
    except ValueError as error:
        if name == "overlay" and worker.begun.beat:  # this trial cannot draw what the other worker may
            worker.panel.post("stay", trials=worker.trials)
            return
        worker.panel.note(str(error))
        worker.tell()


def asked(worker: Worker) -> None:
    """The visitor pressed the button that turns the camera on."""
    worker.asked = True
    worker.tell()


def cameras(worker: Worker, cameras: list[list[str]]) -> None:
    """page.js learned which cameras there are."""
    worker.caps = replace(worker.caps, cameras=tuple((id, label) for id, label in cameras))
    worker.tell()


def own(worker: Worker) -> None:
    """The visitor chose a backdrop of their own; worker.js put it at `page.own`."""
    worker.caps = replace(worker.caps, user_image=True)
    worker.loading = ""
    if worker.engine:
        worker.engine.compositor.image = ""
    worker.change(changed(worker.settings, background="image", image=USER_IMAGE))


def trouble_(worker: Worker, kind: str, name: str, **figures: Any) -> None:
    """A source failed, or was bounded."""
    worker.panel.note(messages.source(kind, name, **figures))
    if kind == "camera":
        worker.change(replace(worker.settings, source="sample", mirror=False))


def stay(
    worker: Worker, trials: list[str] | None = None, broken: dict[str, str] | None = None, text: str = ""
) -> None:
    """The worker begun beside this one gave up: this one stays."""
    worker.caps = replace(worker.caps, broken={**worker.caps.broken, **(broken or {})})
    if text:
        worker.panel.note(text)
        worker.settings = stayed(worker.settings, worker.own, worker.run, worker.card.id)
    try_next(worker, tuple(trials or ()))
    worker.plan()
    worker.tell()


def save(worker: Worker) -> None:
    """The visitor wants the picture: the next one drawn is saved."""
    worker.saving = True
    worker.panel.post("again")


HEARD: dict[str, Callable[..., None]] = {
    "set": set_,
    "asked": asked,
    "cameras": cameras,
    "own": own,
    "trouble": trouble_,
    "stay": stay,
    "save": save,
    "pick": compare.pick,
    "share": compare.share,
    "own-add": keeping.add,
    "own-kept": keeping.kept,
    "own-import": keeping.read,
    "own-remove": keeping.remove,
}
