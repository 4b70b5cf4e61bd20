"""A tour of the local GitHub."""
