"""Algebra on a graph before lowering: the same results, up to rounding, with less work.

Does not know memory or code. Each rule is a function of one node; the rules are tried until none applies.
"""

from __future__ import annotations

from models.compile.graph import Graph


def simplified(graph: Graph) -> Graph:
    """The graph after all rules."""
    return graph
