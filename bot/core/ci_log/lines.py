"""The lines of a raw job log: without time stamps, colours and hidden characters, none long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.core.sanitize import strip_hidden

MAX_LINE = 2_000

_STAMP = re.compile(r"\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?")
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def lines_of(log: str | Iterable[str]) -> Iterator[str]:
    """Clean lines of a text, or of an iterable of lines."""
    for line in _split(log) if isinstance(log, str) else log:
        yield clean(line)


def clean(line: str) -> str:
    """One line."""
    if len(line) > MAX_LINE:
        line = line[:MAX_LINE]
    stamp = _STAMP.match(line)
    if stamp:
        line = line[stamp.end() :]
    # Nearly every line is plain; only what is not is looked at character by character.
    if line.isprintable() and (line.isascii() or not _SELECTOR.search(line)):
        return line
    return strip_hidden(line).replace("\n", "").rstrip()


def _split(text: str) -> Iterator[str]:
    """Line by line, so that no second copy of a large log is made."""
    at = 0
    while (end := text.find("\n", at)) >= 0:
        yield text[at : min(end, at + MAX_LINE + 40)]
        at = end + 1
    if at < len(text):
        yield text[at : at + MAX_LINE + 40]
