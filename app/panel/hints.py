"""Sentences below the controls of inference, and whether these controls are shown.

Does not know the rows: app.panel.rows does.
"""

from __future__ import annotations

from app.core.backend import BACKENDS
from app.core.settings import Settings
from app.panel.capabilities import Capabilities
from app.panel.options import sized_card

THREADED = BACKENDS["wasm-ort"]  # the backend that runs on several threads


def backend(settings: Settings, caps: Capabilities) -> str:
    """Why the chosen model is not compiled; "" where it is."""
    card = caps.card(settings.model)
    if card is None or not card.uncompiled:
        return ""
    return f"{card.title} runs in onnxruntime, because it is not compiled: {card.uncompiled}."


def size(settings: Settings, caps: Capabilities) -> str:
    """The size in use; "" where there are none to choose from."""
    card = sized_card(settings, caps)
    return card.size.id if card and card.size else ""


def network_input(settings: Settings, caps: Capabilities) -> str:
    """How many pixels the network sees."""
    card = sized_card(settings, caps)
    return f"The network sees {card.input.width} × {card.input.height} pixels." if card else ""


def threads_matter(settings: Settings, caps: Capabilities) -> bool:
    """Whether the backend that runs, or the chosen one, has threads, or the visitor asked for some."""
    return THREADED.id in (caps.backend, settings.backend) or settings.threads > 0


def threads(settings: Settings, caps: Capabilities) -> str:
    """What the chosen number of threads is good for here."""
    running = BACKENDS.get(caps.backend or settings.backend, THREADED)
    if running is not THREADED:
        return f"Only {THREADED.title} runs on threads. {running.title} runs now."
    isolated = caps.probe.isolated
    return "" if isolated else f"The page is not cross-origin isolated, so {THREADED.title} runs on 1 thread."
