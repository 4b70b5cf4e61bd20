"""Tests of the simulator's state."""
