"""The lines of a Markdown text that its author says, not quotes, shows as code or hides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.sanitize import strip_comments

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True)
class OwnLine:
    """A line of a paragraph."""

    text: str
    joins_quote: bool = False
    """It is shown inside a quote, though it is not marked as one: the line above is."""


def own_lines(text: str) -> Iterator[OwnLine]:
    """The lines, in order."""
    fence = ""
    for line in strip_comments(text).split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(f" {fence[0]}"):
                fence = ""
        elif mark:
            fence = mark[1]
        elif not line.startswith((">", "    ", "\t")):
            yield OwnLine(line)
