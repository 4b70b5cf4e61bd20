"""Numbers in what a visitor sends."""

from __future__ import annotations

MOST_DIGITS = 15
"""No row has a number with more."""


def number_in(text: str) -> int | None:
    """None for a text that is no number."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None
