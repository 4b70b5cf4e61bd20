"""Searching issues, pull requests and labels."""
