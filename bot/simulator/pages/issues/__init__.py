"""Issues: the list, one of them, and what can be done to it."""
