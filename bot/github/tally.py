"""What GitHub answers, counted over the whole process, for its metrics."""

from __future__ import annotations

import threading
from collections import Counter

import httpx


class Tally:
    """Answers by status, and what the newest one said is left of each limit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Counter[str] = Counter()
        self._left: dict[str, int] = {}

    def note(self, answer: httpx.Response | None) -> None:
        """One answer, or with None the silence in its place."""
        with self._lock:
            self._answers[str(answer.status_code) if answer is not None else "none"] += 1
            if answer is None:
                return
            left = answer.headers.get("x-ratelimit-remaining", "")
            if left.isascii() and left.isdigit() and len(left) < 10:
                resource = answer.headers.get("x-ratelimit-resource", "core")
                self._left[resource[:40]] = int(left)

    def answers(self) -> dict[str, int]:
        """How many by status; `none` for no answer."""
        with self._lock:
            return dict(self._answers)

    def left(self) -> dict[str, int]:
        """Calls left by resource: `core`, `search`, `graphql`."""
        with self._lock:
            return dict(self._left)


TALLY = Tally()
"""Of this process."""
