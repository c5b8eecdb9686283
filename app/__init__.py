"""Vitrine: vision models in a static web page, driven by Python.

Standard library only; the same files run in the page (Pyodide) and under CPython.
"""

__version__ = "0.2.0"
