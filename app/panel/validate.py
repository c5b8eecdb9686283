"""apply(): one setting changed, checked; and the Settings that a URL query asks for.

Does not say what can be chosen: app.panel.choices and app.panel.controls do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from app.core.backend import most_threads
from app.core.settings import RESOLUTIONS, Settings, pairs
from app.panel.capabilities import Capabilities
from app.panel.choices import Option, backends, galleries, models, tasks
from app.panel.controls import BACKGROUNDS, SOURCES, details, images, overlays
from app.tasks import TASKS


def _percent(name: str, value: Any) -> int:
    try:
        number = round(float(value))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} takes a whole number from 0 to 100, not “{value}”.") from None
    if not 0 <= number <= 100:
        raise ValueError(f"{name} takes a whole number from 0 to 100, not {value}.")
    return number


def _toggle(name: str, value: Any) -> bool:
    known = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
    if str(value).lower() not in known:
        raise ValueError(f"{name} takes 1 or 0, not “{value}”.")
    return known[str(value).lower()]


def _colour(name: str, value: Any) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", str(value)):
        raise ValueError(f"{name} takes a colour such as #2f6f5e, not “{value}”.")
    return str(value).lower()


def _option(name: str, value: Any, options: Iterable[Option]) -> str:
    rows = tuple(options)
    option = next((o for o in rows if o.value == str(value)), None)
    if option is None:
        names = ", ".join(o.value for o in rows if o.value)
        raise ValueError(f"{name} takes one of {names}, not “{value}”.")
    if option.cannot:
        raise ValueError(f"{name}: {option.title} cannot be chosen here ({option.cannot}).")
    return option.value


def _threads(name: str, value: Any, caps: Capabilities) -> int:
    most = most_threads(caps.probe)
    if not re.fullmatch(r"\d{1,3}", str(value)):
        raise ValueError(f"{name} takes a whole number from 0 (automatic) to {most}, not “{value}”.")
    if int(value) > most:
        why = "" if caps.probe.isolated else ": the page is not cross-origin isolated"
        raise ValueError(f"{name}: {value} cannot run here, {most} at most{why}.")
    return int(value)


CHECKS: dict[str, Any] = {
    "task": lambda n, v, settings, caps: _option(n, v, tasks(settings, caps)),
    "source": lambda n, v, settings, caps: _option(n, v, SOURCES),
    # Device ids are the browser's own; one it does not know makes it take the default camera.
    "camera": lambda n, v, settings, caps: str(v),
    "backend": lambda n, v, settings, caps: _option(n, v, backends(settings, caps)),
    "model": lambda n, v, settings, caps: _option(n, v, models(settings, caps)),
    "detail": lambda n, v, settings, caps: _option(n, v, details(settings, caps)),
    # In a build without galleries the Settings still names one, and takes it from its own query.
    "gallery": lambda n, v, settings, caps: (
        v if v == settings.gallery else _option(n, v, galleries(settings, caps))
    ),
    "background": lambda n, v, settings, caps: _option(n, v, BACKGROUNDS),
    "colour": lambda n, v, settings, caps: _colour(n, v),
    "image": lambda n, v, settings, caps: _option(n, v, images(caps)),
    "blur": lambda n, v, settings, caps: _percent(n, v),
    "softness": lambda n, v, settings, caps: _percent(n, v),
    "smoothing": lambda n, v, settings, caps: _percent(n, v),
    "overlay": lambda n, v, settings, caps: _option(n, v, overlays(settings, caps)),
    "mirror": lambda n, v, settings, caps: _toggle(n, v),
    "resolution": lambda n, v, settings, caps: _option(n, v, (Option(r, r) for r in RESOLUTIONS)),
    "threads": lambda n, v, settings, caps: _threads(n, v, caps),
}


def apply(settings: Settings, name: str, value: Any, caps: Capabilities) -> Settings:
    """The Settings with one setting changed.

    Raises ValueError, with a sentence for the visitor, for a name or value that cannot be.
    """
    if name not in CHECKS:
        raise ValueError(f"There is no setting “{name[:80]}”. Settings: {', '.join(CHECKS)}.")
    # A value may come from the address bar; the sentence about a bad one has to stay readable.
    given = value if isinstance(value, bool | int | float) else str(value)[:200]
    changed = replace(settings, **{name: CHECKS[name](name, given, settings, caps)})
    if name == "source":
        # One looks at oneself as in a mirror, and at anything else as it is.
        changed = replace(changed, mirror=changed.source == "camera")
    if name == "task":
        changed = settled(replace(changed, model=_model(settings, changed.task, caps)), caps)
    return changed


def settled(settings: Settings, caps: Capabilities) -> Settings:
    """The Settings with a model and a gallery that are there, where its own are not any more.

    The background stays whatever it is: a room that was hidden is not shown by it.
    """
    card = caps.card(settings.model)
    if not (card and caps.supports(card, settings.task, settings.backend)):
        settings = replace(
            settings, model=preferred_model(settings.task, caps, settings.backend) or settings.model
        )
    chosen = [option for option in galleries(settings, caps) if not option.cannot]
    if chosen and settings.gallery not in (option.value for option in chosen):
        settings = replace(settings, gallery=chosen[0].value)
    return settings


def preferred_model(task: str, caps: Capabilities, backend: str = "auto") -> str:
    """The id of the card that is a task's model unless the visitor chooses; "" where there is none."""
    able = [card.id for card in caps.cards if caps.supports(card, task, backend)]
    return next((id for id in (*TASKS[task].preferred, *able) if id in able), "")


def _model(settings: Settings, task: str, caps: Capabilities) -> str:
    """The model a changed task goes on with: the visitor's choice, else what the task prefers."""
    chosen = settings.model != preferred_model(settings.task, caps, settings.backend)
    return settings.model if chosen else preferred_model(task, caps, settings.backend) or settings.model


def from_query(query: str, caps: Capabilities) -> tuple[Settings, list[str]]:
    """The Settings a URL query asks for, and a sentence for every value that could not be honoured."""
    given, settings, notes = pairs(query), first(caps), []
    # In the order of the fields: the task comes first, source before mirror, model before backend.
    for name in (f.name for f in fields(Settings)):
        if name in given:
            try:
                settings = apply(settings, name, given[name], caps)
                if name == "task":
                    settings = first(caps, settings.task)
            except ValueError as error:
                notes.append(f"{error} Using {_shown(getattr(settings, name))} instead.")
    return settings, notes


def _shown(value: str | int | bool) -> str:
    """A setting's value as the query writes it."""
    return str(int(value) if isinstance(value, bool) else value)


def first(caps: Capabilities, task: str = Settings.task) -> Settings:
    """The Settings of a first visit: a task's defaults, with a model, backdrop and gallery of this build."""
    settings = replace(Settings(), task=task, background=TASKS[task].background)
    images = [id for id, _ in caps.backdrops]
    galleries = [each.id for each in caps.built_galleries]
    if model := preferred_model(task, caps):
        settings = replace(settings, model=model)
    if images and settings.image not in images:
        settings = replace(settings, image=images[0])
    if galleries and settings.gallery not in galleries:
        settings = replace(settings, gallery=galleries[0])
    return settings
