"""Counting within a time: fixed windows that begin with the first call, and sliding ones."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Fixed:
    """Ends `length` seconds after its first use; then a new one begins."""

    length: float
    ends: float = 0.0
    used: int = 0

    def at(self, now: float) -> Fixed:
        if now >= self.ends:
            self.ends, self.used = now + self.length, 0
        return self


@dataclass
class Sliding:
    """The sum of what was added within the last `length` seconds."""

    length: float
    entries: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def at(self, now: float) -> Sliding:
        while self.entries and self.entries[0][0] <= now - self.length:
            self.total -= self.entries.popleft()[1]
        return self

    def add(self, now: float, amount: int) -> None:
        self.entries.append((now, amount))
        self.total += amount

    def frees(self, now: float, amount: int) -> float:
        """Seconds until so much has gone out of the window."""
        for moment, each in self.entries:
            amount -= each
            if amount <= 0:
                return moment + self.length - now
        return self.length
