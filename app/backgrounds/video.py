"""Video: a video file of the visitor's behind the person, played in a loop and cropped to fill.

Does not play the file: static/backdrop.js does, and the worker brings its pictures to the Compositor.
"""

from __future__ import annotations

from app.backgrounds.base import Background
from app.backgrounds.image import draw, reference

# 15 pictures a second look like motion, and each costs a transfer and an upload beside the frame's own.
BACKGROUND = Background("video", "Video", 25, draw, reference, video_rate=15)
