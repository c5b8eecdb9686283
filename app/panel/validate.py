"""apply(): one setting changed, checked; and the Look that a URL query asks for.

Does not say what can be chosen: app.panel.choices and app.panel.controls do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from app.core.backend import most_threads
from app.core.settings import RESOLUTIONS, Look, pairs
from app.panel.capabilities import Offer
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


def _threads(name: str, value: Any, offer: Offer) -> int:
    most = most_threads(offer.probe)
    if not re.fullmatch(r"\d{1,3}", str(value)):
        raise ValueError(f"{name} takes a whole number from 0 (automatic) to {most}, not “{value}”.")
    if int(value) > most:
        why = "" if offer.probe.isolated else ": the page is not cross-origin isolated"
        raise ValueError(f"{name}: {value} cannot run here, {most} at most{why}.")
    return int(value)


CHECKS: dict[str, Any] = {
    "task": lambda n, v, look, offer: _option(n, v, tasks(look, offer)),
    "source": lambda n, v, look, offer: _option(n, v, SOURCES),
    # Device ids are the browser's own; one it does not know makes it take the default camera.
    "camera": lambda n, v, look, offer: str(v),
    "backend": lambda n, v, look, offer: _option(n, v, backends(look, offer)),
    "model": lambda n, v, look, offer: _option(n, v, models(look, offer)),
    "detail": lambda n, v, look, offer: _option(n, v, details(look, offer)),
    # In a build without galleries the Look still names one, and takes it from its own query.
    "gallery": lambda n, v, look, offer: v if v == look.gallery else _option(n, v, galleries(look, offer)),
    "background": lambda n, v, look, offer: _option(n, v, BACKGROUNDS),
    "colour": lambda n, v, look, offer: _colour(n, v),
    "image": lambda n, v, look, offer: _option(n, v, images(offer)),
    "blur": lambda n, v, look, offer: _percent(n, v),
    "softness": lambda n, v, look, offer: _percent(n, v),
    "smoothing": lambda n, v, look, offer: _percent(n, v),
    "overlay": lambda n, v, look, offer: _option(n, v, overlays(look, offer)),
    "mirror": lambda n, v, look, offer: _toggle(n, v),
    "resolution": lambda n, v, look, offer: _option(n, v, (Option(r, r) for r in RESOLUTIONS)),
    "threads": lambda n, v, look, offer: _threads(n, v, offer),
}


def apply(look: Look, name: str, value: Any, offer: Offer) -> Look:
    """The Look with one setting changed.

    Raises ValueError, with a sentence for the visitor, for a name or value that cannot be.
    """
    if name not in CHECKS:
        raise ValueError(f"There is no setting “{name[:80]}”. Settings: {', '.join(CHECKS)}.")
    # A value may come from the address bar; the sentence about a bad one has to stay readable.
    given = value if isinstance(value, bool | int | float) else str(value)[:200]
    changed = replace(look, **{name: CHECKS[name](name, given, look, offer)})
    if name == "source":
        # One looks at oneself as in a mirror, and at anything else as it is.
        changed = replace(changed, mirror=changed.source == "camera")
    if name == "task":
        changed = settled(replace(changed, model=_model(look, changed.task, offer)), offer)
    return changed


def settled(look: Look, offer: Offer) -> Look:
    """The Look with a model and a gallery that are there, where its own are not any more.

    The background stays whatever it is: a room that was hidden is not shown by it.
    """
    card = offer.card(look.model)
    if not (card and offer.serves(card, look.task, look.backend)):
        look = replace(look, model=preferred(look.task, offer, look.backend) or look.model)
    chosen = [option for option in galleries(look, offer) if not option.cannot]
    if chosen and look.gallery not in (option.value for option in chosen):
        look = replace(look, gallery=chosen[0].value)
    return look


def preferred(task: str, offer: Offer, backend: str = "auto") -> str:
    """The id of the card that is a task's model unless the visitor chooses; "" where there is none."""
    able = [card.id for card in offer.cards if offer.serves(card, task, backend)]
    return next((id for id in (*TASKS[task].prefers, *able) if id in able), "")


def _model(look: Look, task: str, offer: Offer) -> str:
    """The model a changed task goes on with: the visitor's choice, else what the task prefers."""
    chosen = look.model != preferred(look.task, offer, look.backend)
    return look.model if chosen else preferred(task, offer, look.backend) or look.model


def from_query(query: str, offer: Offer) -> tuple[Look, list[str]]:
    """The Look a URL query asks for, and a sentence for every value that could not be honoured."""
    given, look, notes = pairs(query), first(offer), []
    # In the order of the fields: the task comes first, source before mirror, model before backend.
    for name in (f.name for f in fields(Look)):
        if name in given:
            try:
                look = apply(look, name, given[name], offer)
                if name == "task":
                    look = first(offer, look.task)
            except ValueError as error:
                notes.append(f"{error} Using {_shown(getattr(look, name))} instead.")
    return look, notes


def _shown(value: str | int | bool) -> str:
    """A setting's value as the query writes it."""
    return str(int(value) if isinstance(value, bool) else value)


def first(offer: Offer, task: str = Look.task) -> Look:
    """The Look of a first visit: a task's defaults, with a model, a backdrop and a gallery of this build."""
    look = replace(Look(), task=task, background=TASKS[task].background)
    images = [id for id, _ in offer.backdrops]
    galleries = [each.id for each in offer.built]
    if model := preferred(task, offer):
        look = replace(look, model=model)
    if images and look.image not in images:
        look = replace(look, image=images[0])
    if galleries and look.gallery not in galleries:
        look = replace(look, gallery=galleries[0])
    return look
