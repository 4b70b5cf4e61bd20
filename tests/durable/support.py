"""Hints, and a reactor that does what a hint tells it to."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.core.events import Hint
from bot.durable.reacted import Reacted


def hint_for(plan: int, delivery: str, *, event: str = "issues.labeled", **more: Any) -> Hint:
    """A hint about a plan of `acme/shop`."""
    about = {"installation": 7, "repository": "acme/shop", "plan": str(plan), "scope": "plan"}
    return Hint(delivery=delivery, event=event, **{**about, **more})


def until(look: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


@dataclass
class Actor:
    """A reactor: what it was given, and what it is to answer by delivery."""

    given: list[tuple[Hint, int]] = field(default_factory=list)
    answers: dict[str, list[Reacted | Exception]] = field(default_factory=lambda: defaultdict(list))
    hold: dict[str, threading.Event] = field(default_factory=dict)
    """Deliveries whose reaction goes on only when it is let."""
    busy: set[str] = field(default_factory=set)
    """Plans that are worked on."""
    overlaps: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, hint: Hint, tried: int) -> Reacted:
        place = f"{hint.repository}#{hint.plan}"
        with self._lock:
            if place in self.busy:
                self.overlaps.append(place)
            self.busy.add(place)
            self.given.append((hint, tried))
        try:
            if held := self.hold.get(hint.delivery):
                assert held.wait(30)
            waiting = self.answers[hint.delivery]
            answer = waiting.pop(0) if waiting else Reacted()
            if isinstance(answer, Exception):
                raise answer
            return answer
        finally:
            with self._lock:
                self.busy.discard(place)

    def seen(self, delivery: str) -> list[int]:
        """The tries at a delivery that were made."""
        return [tried for hint, tried in list(self.given) if hint.delivery == delivery]
