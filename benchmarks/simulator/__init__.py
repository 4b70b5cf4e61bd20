"""How quick the local GitHub is: `python -m benchmarks.simulator`."""
