"""The project's benchmarks: each module is one command, `python3 build.py bench NAME`, and prints a table.

Does not test anything: a slow machine gives other numbers, not a failure. The docstring of a module says what
its numbers count.
"""
