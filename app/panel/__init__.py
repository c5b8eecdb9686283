"""What can be set, and what this build and browser can do."""
