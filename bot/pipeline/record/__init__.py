"""What a run keeps: paid answers, traces, points to go on from, results."""
