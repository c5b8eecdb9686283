"""Smaller and faster forms of a graph, and which of them ships."""
