"""Check suites, check runs and commit statuses."""
