"""Sources: where published files come from and how they are checked."""
