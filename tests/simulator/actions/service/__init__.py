"""Tests of Actions on the state of the simulator."""
