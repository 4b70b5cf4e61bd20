"""Tests of the search for issues."""
