"""Tests of the simulator's exchanges."""
