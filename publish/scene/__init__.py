"""The pictures that the build draws: the sample scene's background and person, and the backdrops.

Does not move them: the page does.
"""
