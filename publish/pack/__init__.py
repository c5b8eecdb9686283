"""Packs dist/: its manifest, its files from npm, wheels and snapshot, brotli copies, headers, and the server.

Does not make models, scenes or galleries.
"""
