"""Verification: published models, wrapped networks and variants are run and compared."""
