"""The graphs that are put around a network or used beside it."""
