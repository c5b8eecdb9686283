"""The vocabulary of the program: cards, frames, geometry, settings, ports. Imports nothing else of ours."""
