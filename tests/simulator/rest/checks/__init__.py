"""Tests of checks and statuses over REST."""
