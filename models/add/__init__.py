"""`build.py models add`: a model file becomes a card."""
