"""Models behind one Protocol: the vendors' (later), `offline`, and `scripted` for tests."""
