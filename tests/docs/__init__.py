"""The documentation says what the code does, and the examples run."""
