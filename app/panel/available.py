"""settled(), switched(): the Settings with a model and a gallery that are available.

Does not change what a visitor can see of the room: the background stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.panel.options import galleries


def settled(settings: Settings, caps: Capabilities) -> Settings:
    """The Settings with an available model and gallery, where the chosen ones are not available any more.

    The background stays as it is: a hidden room is not shown by it.
    """
    card = caps.card(settings.model)
    if not (card and caps.supports(card, settings.task, settings.backend)):
        model = caps.preferred_model(settings.task, settings.backend)
        settings = replace(settings, model=model or settings.model)
    able = [option.value for option in galleries(settings, caps) if not option.unavailable]
    if able and settings.gallery not in able:
        settings = replace(settings, gallery=able[0])
    return settings


def switched(old: Settings, new: Settings, caps: Capabilities) -> Settings:
    """`new`, which has another task than `old`, with a model that this task takes.

    That is the visitor's choice, or what the task prefers where they made none.
    """
    if old.model == caps.preferred_model(old.task, old.backend):  # not chosen by the visitor
        new = replace(new, model=caps.preferred_model(new.task, old.backend) or old.model)
    return settled(new, caps)
