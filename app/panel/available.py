"""settled(), switched(): the Settings with a model and a gallery that are available.

Does not change the background: a hidden room stays hidden.
"""

from __future__ import annotations

from dataclasses import replace

from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.panel.options import galleries


def settled(settings: Settings, caps: Capabilities) -> Settings:
    """The Settings with an available model and gallery in place of unavailable ones.

    The background does not change, so a hidden room stays hidden.
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
    """`new`, which has another task than `old`, with a model for the new task.

    It keeps a model that the visitor chose and that fits; otherwise it takes the task's preferred model.
    """
    if old.model == caps.preferred_model(old.task, old.backend):  # not chosen by the visitor
        new = replace(new, model=caps.preferred_model(new.task, old.backend) or old.model)
    return settled(new, caps)
