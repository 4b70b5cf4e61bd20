"""The lines of a raw job log: without time stamps, colours and hidden characters, none long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from bot.core.sanitize import strip_hidden

MAX_LINE = 2_000
PIECE = 1_000_000
"""Characters that are cleaned at a time: line by line would cost ten times as much."""

MAX_LINES = 2_000_000
"""Lines that are looked at one by one; no honest log within GitHub's limits has more."""
LAST = 200
"""Of every piece beyond that so many lines are: the end of a log is always among them."""

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?")


def lines_of(log: str | Iterable[str]) -> Iterator[str]:
    """Clean lines of a text, or of an iterable of lines."""
    count = 0
    for piece in _pieces(log) if isinstance(log, str) else _batches(log):
        lines = strip_hidden(piece.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        count += len(lines)
        for line in lines if count <= MAX_LINES else lines[-LAST:]:
            stamp = _STAMP.match(line) if line[10:11] == "T" else None
            bare = line[stamp.end() :] if stamp else line
            yield bare if len(bare) <= MAX_LINE else bare[:MAX_LINE]


def _pieces(text: str) -> Iterator[str]:
    """Whole lines, many at a time; of a line that is longer than a piece its beginning."""
    at = 0
    while at < len(text):
        end = text.rfind("\n", at, at + PIECE) if at + PIECE < len(text) else len(text)
        if end < 0:
            yield text[at : at + MAX_LINE]
            end = text.find("\n", at + PIECE)
            end = len(text) if end < 0 else end
        else:
            yield text[at:end]
        at = end + 1


def _batches(lines: Iterable[str]) -> Iterator[str]:
    source = iter(lines)
    while batch := list(islice(source, PIECE // MAX_LINE)):
        yield "\n".join(line[: 2 * MAX_LINE].rstrip("\r\n") for line in batch)
