"""How the lines of one failure are collected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from bot.core.ci_log.block import Block, Kind, relative

MAX_LINES = 150
MAX_TEXT = 6_000
"""Lines and characters of one block; the rest of it is passed over."""


class Reader(ABC):
    """Collects the lines of one block after the other."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    @abstractmethod
    def begins(self, line: str) -> bool:
        """Whether a block begins with this line."""

    @abstractmethod
    def goes_on(self, line: str) -> bool:
        """Whether the open block has this line as well."""

    @abstractmethod
    def read(self, lines: list[str]) -> Iterator[Block]:
        """The blocks that the collected lines make."""

    def open(self, line: str) -> None:
        """Begin a block."""
        self._lines = [line]

    def add(self, line: str) -> None:
        """Go on with it."""
        if len(self._lines) < MAX_LINES:
            self._lines.append(line)

    def close(self) -> tuple[Block, ...]:
        """What was collected."""
        found = tuple(self.read(self._lines))
        self._lines = []
        return found


def block_of(kind: Kind, title: str, lines: list[str], path: str = "", line: int = 0) -> Block:
    """The block that these lines are."""
    text = "\n".join(line.rstrip() for line in lines).rstrip()[:MAX_TEXT]
    known = relative(path)
    return Block(kind, title.strip(), text, known, line if known else 0)
