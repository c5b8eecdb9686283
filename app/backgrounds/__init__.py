"""BACKGROUNDS: what can stand behind the person, one file each in this folder.

Does not choose a background: the Settings do. Does not draw: Compositors do.
"""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules
from typing import Any

from app.backgrounds.base import Background
from app.core.parameter import Parameter
from app.core.settings import Settings


def _read() -> dict[str, Background]:
    """Every file's BACKGROUND, in their order. The page has no files later, so this runs at import."""
    names = (info.name for info in iter_modules(__path__) if info.name != "base")
    found: list[Background] = [import_module(f"{__name__}.{name}").BACKGROUND for name in names]
    return {each.id: each for each in sorted(found, key=lambda each: each.order)}


BACKGROUNDS: dict[str, Background] = _read()
# Of each background its fragment shader, without the head that app.page.gl adds.
SHADERS: dict[str, str] = {
    id: files(__name__).joinpath(f"{id}.frag").read_text(encoding="utf-8") for id in BACKGROUNDS
}
PARAMETERS: dict[str, Parameter[Any]] = {p.name: p for each in BACKGROUNDS.values() for p in each.parameters}


def cover_color(settings: Settings) -> str:
    """The colour that hides the room, where the chosen background has no backdrop to hide it with."""
    return BACKGROUNDS[settings.background].cover_color(settings)


def backdrop(settings: Settings) -> str:
    """The id of the image that the chosen background shows, or USER_VIDEO; "" where it shows none."""
    return BACKGROUNDS[settings.background].backdrop(settings)


def video_rate(settings: Settings) -> int:
    """How often a second the visitor's video is sampled for the chosen background, at most; 0: never."""
    return BACKGROUNDS[settings.background].video_rate
