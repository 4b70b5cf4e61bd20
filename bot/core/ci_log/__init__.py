"""From the raw log of a job to what failed in it."""
