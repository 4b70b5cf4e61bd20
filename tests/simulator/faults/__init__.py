"""Tests of the simulator's faults."""
