"""Tests of the simulator's actions API."""
