"""Webhooks come in: checked, written to the disk, then acknowledged; nothing else happens here."""
