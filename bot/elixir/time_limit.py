"""No rule may keep all the others waiting, whatever stands in the code that it looks at."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

MOST_SECONDS = 30
"""Of processor time, for one rule in one file or in the whole project: thirty times what the
longest took in a code base of 14 MB.
"""


class TookTooLong(Exception):
    """Raised inside of a rule that has had its time."""


@dataclass
class _Clock:
    ticks: int = 0
    """Seconds of processor time."""
    began: int | None = None
    """When the rule began that is at work, if any."""
    wound_up: bool = False

    def wind_up(self) -> None:
        """Listen to the timer. Nobody else in here has one of this kind."""
        if not self.wound_up:
            signal.signal(signal.SIGVTALRM, self.tick)
            self.wound_up = True

    def tick(self, _signal: int, _frame: FrameType | None) -> None:
        self.ticks += 1
        if self.began is not None and self.ticks - self.began > MOST_SECONDS:
            raise TookTooLong


_CLOCK = _Clock()


@contextmanager
def ticking() -> Iterator[None]:
    """Let time be taken in here, where the platform can tell a process of its own time.

    One timer goes on for all rules: to set one for each would cost more than many of them do.
    """
    able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not able:
        yield
        return
    _CLOCK.wind_up()
    signal.setitimer(signal.ITIMER_VIRTUAL, 1, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@contextmanager
def limited() -> Iterator[None]:
    """One rule at work. Raises `TookTooLong` in it once it had `MOST_SECONDS`, and again later."""
    _CLOCK.began = _CLOCK.ticks
    try:
        yield
    finally:
        _CLOCK.began = None
