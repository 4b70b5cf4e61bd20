"""Colour as a function, so that text is written once for terminals and for files."""

from __future__ import annotations

from collections.abc import Callable

Paint = Callable[[str, str], str]
"""(text, style) to text; styles are names like `bold red`."""

_CODES = {
    "bold": "1",
    "dim": "2",
    "underline": "4",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}


def plain(text: str, _style: str) -> str:
    """No colour."""
    return text


def ansi(text: str, style: str) -> str:
    """ANSI colour, for terminals."""
    codes = ";".join(_CODES[word] for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m"
