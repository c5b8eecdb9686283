"""The built-in scene and the backdrops, painted by the build."""
