"""`build.py models add`: a published file becomes a card and a checked model."""
