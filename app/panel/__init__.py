"""The settings, their options, and the capabilities of this build and browser."""
