"""Tests of the simulator's limits."""
