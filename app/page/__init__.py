"""The page's ports: the only package that imports js and pyodide.

Makes no decisions: the other packages of app do.
"""
