"""Galleries: pictures become characters that a face can be compared with, in dist/.

Does not compare: the index graph does (models.graphs.index). Imports nothing heavy before a gallery has to
be made.
"""

from pathlib import Path

from publish import CACHE, STATE

HERE = Path(__file__).parent
DEFAULT = HERE / "characters.toml"
FOLDER = "galleries"  # in dist/
KEPT = STATE / "galleries.json"  # the galleries that the user has added
DRAWN = CACHE / "drawn"
MADE = CACHE / "galleries"
