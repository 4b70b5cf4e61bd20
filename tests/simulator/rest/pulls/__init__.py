"""Tests of pull requests, reviews and checks over REST."""
