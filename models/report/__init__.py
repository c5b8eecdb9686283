"""What is told of the models: table, page, documentation."""
