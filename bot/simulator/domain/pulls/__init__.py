"""Pull requests, their reviews and their merging."""
