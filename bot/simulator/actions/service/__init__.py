"""Actions on the state of the simulator: which events start runs, and what runs change."""
