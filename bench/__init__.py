"""The project's figures: each module is one command, `python3 build.py bench NAME`, and prints a table.

Does not test anything: a slow machine gives other numbers, not a failure. What a number counts stands in the
docstring of its module.
"""
