"""The operator's pages: set-up, plans, health, readiness, metrics."""
