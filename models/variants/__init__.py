"""Variants: smaller and faster forms of a graph, and the choice of those that ship."""
