"""How fast we create: GitHub asks for a second between creations, 80 a minute, 500 an hour."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

GAP = 1.0
"""Seconds between two creations, as GitHub's best practices ask."""


@dataclass(frozen=True)
class Rate:
    """At most `count` creations within `seconds`."""

    count: int
    seconds: float


RATES = (Rate(80, 60.0), Rate(500, 3600.0))
"""GitHub's documented secondary limits on content creation."""


class Pace:
    """The creations of one installation; threads take turns."""

    def __init__(
        self,
        gap: float = GAP,
        rates: tuple[Rate, ...] = RATES,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap, self._rates, self._clock, self._sleep = gap, rates, clock, sleep
        self._made: deque[float] = deque(maxlen=max((r.count for r in rates), default=1))
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Return when the next creation may be sent; it counts from then on."""
        with self._turn:
            while (pause := self.due() - self._clock()) > 0:
                self._sleep(pause)
            self._made.append(self._clock())

    def due(self) -> float:
        """When the next creation may be sent, on this object's clock."""
        if not self._made:
            return float("-inf")
        times = [self._made[-1] + self._gap]
        times += [
            self._made[-rate.count] + rate.seconds
            for rate in self._rates
            if len(self._made) >= rate.count
        ]
        return max(times)
