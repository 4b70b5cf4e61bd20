"""Replaces secrets in whatever becomes visible."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

STARS = "***"
SHORTEST = 3
"""Parts of a secret shorter than this are not masked: a lone brace would blank out all logs."""
LONGEST = 100_000
MOST = 2_000


class Masker:
    """The values are remembered for the whole job, longest first."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        """Hides the value, each of its lines, and the usual encodings of both."""
        fresh = {form for form in forms(value[:LONGEST]) if form not in self.values}
        if not fresh or len(self.values) + len(fresh) > MOST:
            return
        self.values |= fresh
        longest_first = sorted(self.values, key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, longest_first)))

    def mask(self, text: str) -> str:
        """Most lines hold no secret, and looking for each is quicker than the pattern."""
        if self.pattern is None or not any(value in text for value in self.values):
            return text
        return self.pattern.sub(STARS, text)


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
