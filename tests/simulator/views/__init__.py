"""Tests of what objects look like."""
