"""None: the frame as it is. The only background that shows the room.

Needs no Mask, so nothing is inferred for it.
"""

from app.backgrounds.base import Background

BACKGROUND = Background("none", "None (as it is)", order=50)
