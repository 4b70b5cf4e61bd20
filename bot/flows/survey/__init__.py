"""What moved in a repository since it was looked at last, for the server's sweeps and for jobs."""
