"""Actions: workflows, runs, jobs with their logs, artifacts."""
