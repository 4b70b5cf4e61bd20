"""Numbers in queries."""

from __future__ import annotations

DIGITS = 9
"""No id or number here has more."""


def whole_number(text: str) -> int | None:
    """None for what is no number, and for one that is longer than any here."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else None
