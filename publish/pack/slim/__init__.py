"""Makes a small Python of Pyodide for the page: what a start does not run is left out or loaded when called.

Does not replace Pyodide's own files: the page's ordinary start uses them unchanged.
"""
