"""Tests of the simulator's webhooks."""
