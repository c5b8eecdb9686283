"""Image: a built-in backdrop or the visitor's own picture behind the person, cropped to fill.

Does not load the picture: the worker brings it to the Compositor.
"""

from app.backgrounds.base import Background
from app.core.parameter import Parameter

USER_IMAGE = "own"  # the id of the visitor's own picture
IMAGE = Parameter("image", "Image", "study", "The picture that the background shows.", kind="image")
BACKGROUND = Background("image", "Image", order=20, parameters=(IMAGE,))
