"""Pull requests: the conversation, the changes, the checks, the merge."""
