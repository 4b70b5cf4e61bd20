"""GitHub Actions: workflow files read, their jobs run as real processes."""
