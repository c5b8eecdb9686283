"""Colour: one colour behind the person.

Does not choose the colour: the Settings do.
"""

from app.backgrounds.base import Background
from app.core.parameter import Parameter

COLOUR = Parameter("colour", "Colour", "#2f6f5e", "The colour of the background.", kind="colour")
BACKGROUND = Background("colour", "Colour", order=30, parameters=(COLOUR,))
