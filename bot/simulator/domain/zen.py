"""GitHub says something wise with each ping; so does ours, in its own words."""

from __future__ import annotations

PROVERBS = (
    "A small change is soon understood.",
    "Say it once, and in one place.",
    "What is tested may be changed.",
    "Let it crash, and know why.",
    "The best message names what to do next.",
)


def proverb(number: int) -> str:
    """One of them, the same for the same number."""
    return PROVERBS[number % len(PROVERBS)]
