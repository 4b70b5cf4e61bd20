"""The control room: what was asked and sent, faults, the clock, Apps, people."""
