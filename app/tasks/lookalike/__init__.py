"""The look-alike task."""
