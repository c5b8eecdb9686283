"""Reports about the models: for the terminal, as a page, and as documentation."""
