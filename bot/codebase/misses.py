"""Why a text to replace is not there, or not once: told so that the next try can be right."""

from __future__ import annotations

from bot.errors import NoMatch

_PLACES_NAMED = 10


def missed(text: str, old: str) -> NoMatch:
    """The error for a text that is nowhere."""
    return NoMatch("the text to replace is not in the file")


def ambiguous(text: str, old: str, places: list[int]) -> NoMatch:
    """The error for a text that is in several places."""
    lines = list(dict.fromkeys(text.count("\n", 0, at) + 1 for at in places[:_PLACES_NAMED]))
    more = ", ..." if len(places) > _PLACES_NAMED else ""
    where = ", ".join(map(str, lines)) + more
    return NoMatch(
        f"the text to replace occurs {len(places)} times (line {where})",
        hint="quote more of the lines around the one meant, or replace every occurrence",
    )
