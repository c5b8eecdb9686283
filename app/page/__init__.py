"""The page's ports: the only room that imports js and pyodide.

Decides nothing that app decides.
"""
