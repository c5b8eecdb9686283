"""The model cards as written in models/cards."""
