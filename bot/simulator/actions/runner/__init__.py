"""Runs the jobs of one workflow run: each step a real process under a supervisor."""
