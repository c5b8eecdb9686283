"""Model cards: their form, their reader and their rules."""
