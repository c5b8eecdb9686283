"""A graph is compared with the published model."""
