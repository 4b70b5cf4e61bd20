"""From a hint to done: read, decide, store, carry out, and again until nothing changes."""
