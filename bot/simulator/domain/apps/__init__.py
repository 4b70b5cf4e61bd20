"""Apps: how they come, where they are installed, where their events go."""
