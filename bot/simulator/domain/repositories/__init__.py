"""Repositories: refs, contents, rules, and what follows from a push."""
