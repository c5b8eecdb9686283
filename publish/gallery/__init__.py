"""Galleries: makes pictures into characters in dist/ that the page compares faces with.

Does not compare: the index graph does (models.graphs.index). Imports no heavy package before a gallery has
to be made.
"""

from pathlib import Path

from publish import CACHE, STATE

HERE = Path(__file__).parent
DEFAULT = HERE / "characters.toml"
FOLDER = "galleries"  # in dist/
ADDED_FILE = STATE / "galleries.json"  # the galleries that the user has added
AVATAR_CACHE = CACHE / "drawn"
GALLERY_CACHE = CACHE / "galleries"
