"""The pure domain: findings, plans, verdicts and state. No I/O, no await."""
