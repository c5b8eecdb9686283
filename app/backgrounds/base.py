"""Background: the declaration of what can stand behind the person.

Does not list them: app.backgrounds does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.parameter import Parameter
from app.core.settings import Settings

COVER_COLOR = "#171c1f"  # hides the room where neither a colour nor an image is chosen: the page's own dark


@dataclass(frozen=True)
class Background:
    """One background. `order` is its place among the others in the panel."""

    id: str
    title: str
    order: int
    parameters: tuple[Parameter[Any], ...] = ()

    def cover_color(self, settings: Settings) -> str:
        """The colour that hides the room: the background's own, else COVER_COLOR."""
        return self._first("colour", settings) or COVER_COLOR

    def backdrop(self, settings: Settings) -> str:
        """The id of the image that it shows; "" where it shows none."""
        return self._first("image", settings)

    def _first(self, kind: str, settings: Settings) -> str:
        """The value of its first parameter of a kind; "" where it has none."""
        return next((str(settings.get(each)) for each in self.parameters if each.kind == kind), "")
