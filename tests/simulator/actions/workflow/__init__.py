"""Tests of the Actions of the local GitHub."""
