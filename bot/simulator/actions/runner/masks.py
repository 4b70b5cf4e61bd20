"""Replaces secrets in whatever becomes visible."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

STARS = "***"
SHORTEST = 3
"""Parts of a secret shorter than this are not masked: a lone brace would blank out all logs."""
LONGEST = 100_000
MOST = 2_000
WITHHELD = "*** (more values are masked than can be looked for: no output is shown)"


class Masker:
    """The values are remembered for the whole job."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.full = False
        """More was to be hidden than can be looked for: from then on nothing is shown."""

    def add(self, value: str) -> None:
        """Hides the value, each of its lines, and the usual encodings of both."""
        if self.full:
            return
        self.values |= set(forms(value[:LONGEST]))
        self.full = len(self.values) > MOST or len(value) > LONGEST

    def mask(self, text: str) -> str:
        if self.full:
            return WITHHELD if text.strip() else text
        hidden = [span for value in self.values if value in text for span in spans(value, text)]
        shown: list[str] = []
        end = 0
        for begin, stop in sorted(hidden):
            # Values that overlap are hidden as one: else the end of the second would be left.
            if begin > end or not shown:
                shown += [text[end:begin], STARS]
            end = max(end, stop)
        return "".join([*shown, text[end:]])


def spans(value: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the value stands, also where it overlaps with itself."""
    at = text.find(value)
    while at >= 0:
        yield at, at + len(value)
        at = text.find(value, at + 1)


def forms(value: str) -> Iterator[str]:
    if value.strip():
        yield value
    parts = [value, *value.splitlines()]
    for part in {p.strip() for p in parts}:
        if len(part) >= SHORTEST:
            yield part
            yield from encodings(part)


def encodings(text: str) -> Iterator[str]:
    yield quote(text, safe="")
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield from base64_forms(text)


def base64_forms(text: str) -> Iterator[str]:
    """In a longer base64 text a value stands at one of three offsets; what is the same in all
    surroundings is cut out of each."""
    data = text.encode()
    yield base64.b64encode(data).decode().rstrip("=")
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + data).decode().rstrip("=")
        start = {0: 0, 1: 2, 2: 3}[offset]
        whole = (offset + len(data)) * 8 // 6
        inner = encoded[start:whole]
        if len(inner) >= 2 * SHORTEST:
            yield inner
