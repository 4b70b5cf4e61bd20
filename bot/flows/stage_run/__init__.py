"""A stage on a workflow runner: prepare, work, verify, publish, each in a job of its own."""
