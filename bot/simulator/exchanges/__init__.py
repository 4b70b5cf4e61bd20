"""The exchange log: what was asked of this GitHub, by whom, and what it answered."""
