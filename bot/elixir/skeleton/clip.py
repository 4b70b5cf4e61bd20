"""Source text cut down to one harmless line: bounded, visible, unable to close a data section."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import islice

from bot.core.sanitize import one_line

ELLIPSIS = "…"
_BRACKETS = re.compile(r"(?<=[\[({]) | (?=[\])}])")
"""Blanks that line breaks after and before brackets have become."""
_COMMENT = re.compile(r"^[ \t]*#(?!\{).*$", re.MULTILINE)
_LOOKED_AT = 8
"""Bytes looked at for each character that is shown: white space collapses, characters are wide."""


def clip(code: bytes | str | None, limit: int) -> str:
    """At most `limit` characters of the code on one line, without anything hidden."""
    raw = (code or "")[: limit * _LOOKED_AT]
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "ignore")
    plain = text.isascii() and text.isprintable() and "  " not in text
    flat = (text.strip() if plain else _flat(text)).replace("</", "<\\/")
    if code is not None and len(raw) < len(code):
        flat += ELLIPSIS
    return shorten(flat, limit)


def shorten(line: str, limit: int) -> str:
    """`clip` for a line made of what was clipped before."""
    return line if len(line) <= limit else line[: limit - 1] + ELLIPSIS


def _flat(text: str) -> str:
    """The text without its comments, on one line."""
    flat = " ".join(_COMMENT.sub("", text).split())
    if not (flat.isascii() and flat.isprintable()):
        flat = one_line(text)
    return _BRACKETS.sub("", flat)


def listed(items: Collection[str], limit: int, joint: str = ", ") -> str:
    """The first `limit` items in one line, and how many more there are."""
    shown = list(islice(items, limit))
    if len(items) > limit:
        shown.append(f"{ELLIPSIS} {len(items) - limit} more")
    return joint.join(shown)


def distinct(items: Iterable[str]) -> list[str]:
    """Each item once, where it came first."""
    return list(dict.fromkeys(items))
