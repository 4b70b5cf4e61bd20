"""Speed and memory, measured in one run and printed as ratios. Never part of the test suite."""
