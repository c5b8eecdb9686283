"""Image: a built-in backdrop or the visitor's own picture behind the person, cropped to fill.

Does not load the picture: the worker brings it to the Compositor.
"""

from __future__ import annotations

from typing import Any

from app.backgrounds.base import Background, Drawing, Reference
from app.core.parameter import Parameter
from app.core.settings import Settings

USER_IMAGE = "own"  # the id of the visitor's own picture
IMAGE = Parameter("image", "Image", "study", "The picture that the background shows.", kind="image")
SPILL = 5.0  # image.frag: the level of the backdrop that gives the light at the edge


def draw(canvas: Drawing, settings: Settings) -> None:
    """See Background. Without a GPU no light of the backdrop falls around the edge."""
    canvas.backdrop()


def reference(given: Reference, settings: Settings) -> Any:
    """See Background."""
    rim = given.person * (1 - given.person)
    lit = given.mix(given.frame, given.backdrop(SPILL), rim)
    return given.mix(given.backdrop(), lit, given.person)


BACKGROUND = Background("image", "Image", 20, draw, reference, (IMAGE,))
