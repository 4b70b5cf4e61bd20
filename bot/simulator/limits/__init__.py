"""GitHub's rate limits: the primary one by the hour, the secondary ones by the minute."""
