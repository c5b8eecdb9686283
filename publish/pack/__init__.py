"""dist/: what it holds, how it is compressed, described and served."""
