"""Published files are fetched and checked."""
