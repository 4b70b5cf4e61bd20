"""Tests of the simulator's git side, with plain git as the judge."""
