"""GitHub's expression language: `${{ }}`."""
