"""Transparent: the person alone, on transparent pixels.

Does not draw anything behind the person: the page's own pattern shows through.
"""

from app.backgrounds.base import Background

BACKGROUND = Background("transparent", "Transparent", order=40)
