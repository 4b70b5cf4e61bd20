"""Models behind one Protocol: the vendors', `offline`, and `scripted` for tests."""
