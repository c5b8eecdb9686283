"""Vitrine: vision models that run behind the page's own glass.

Standard library only; the same files run in the page (Pyodide) and under CPython.
"""

__version__ = "0.2.0"
