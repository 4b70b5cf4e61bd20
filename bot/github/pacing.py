"""How fast we create: GitHub asks for a second between creations, 80 a minute, 500 an hour."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.github.asking import PATIENCE
from bot.github.errors import RateLimited

GAP = 1.0
"""Seconds between two creations, as GitHub's best practices ask."""

LONGEST = 30.0
"""Seconds a creation waits here; longer waits are the durable workflow's."""


@dataclass(frozen=True)
class Rate:
    """At most `count` creations within `seconds`."""

    count: int
    seconds: float


RATES = (Rate(80, 60.0), Rate(500, 3600.0))
"""GitHub's documented secondary limits on content creation."""


class Pace:
    """The calls of one installation: creations take turns, and all rest when GitHub says so.

    Without a gap nothing is paced, unless rates are given: for a server that has no limits.
    """

    def __init__(
        self,
        gap: float = GAP,
        rates: tuple[Rate, ...] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if rates is None:
            rates = RATES if gap else ()
        self._gap, self._rates, self._clock, self._sleep = gap, rates, clock, sleep
        self._made: deque[float] = deque(maxlen=max((r.count for r in rates), default=1))
        self._turn = threading.Lock()
        self._resting_until = float("-inf")

    def wait(self) -> None:
        """Return when the next creation may be sent; it counts from then on.

        Raises `RateLimited` where that is longer than a thread should be held for.
        """
        with self._turn:
            while (pause := self.due() - self._clock()) > 0:
                if pause > LONGEST:
                    text = f"as many creations as GitHub allows; the next in {pause:.0f} s"
                    raise RateLimited(text, retry_after=pause)
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

    def rest(self, seconds: float) -> None:
        """GitHub asked for it: nobody calls until then, whoever was told."""
        self._resting_until = max(self._resting_until, self._clock() + seconds)

    def rested(self) -> None:
        """Return when a call may be sent; raises `RateLimited` where that is not soon."""
        while (pause := self._resting_until - self._clock()) > 0:
            if pause > PATIENCE:
                raise RateLimited(
                    f"GitHub asked us to rest, for {pause:.0f} s more", retry_after=pause
                )
            self._sleep(pause)
