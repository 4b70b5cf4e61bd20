"""A thread that does something every so often until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.core.sanitize import one_line

log = structlog.get_logger()


class Enough(Exception):
    """Raised by the work: it is not to be done any more."""


@dataclass
class Periodic:
    """Does `work`, waits `every` seconds, and so on; what goes wrong is said, and it goes on."""

    name: str
    work: Callable[[], object]
    every: float
    after_failure: tuple[float, ...]
    """Seconds to wait in place of `every`, the more often it failed in a row."""
    foreseen: tuple[type[Exception], ...] = ()
    """What is no bug, so that no traceback is needed."""
    at_once: bool = True
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set: it ends after the work in hand, which may look at it."""
    _thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self, within: float | None = None) -> None:
        """End after the work in hand; what takes longer than `within` seconds is left behind."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join(within)

    def _run(self) -> None:
        failures, wait = 0, 0.0 if self.at_once else self.every
        while not self.stopping.wait(wait):
            try:
                self.work()
                failures, wait = 0, self.every
            except Enough:
                return
            except Exception as error:
                # The outermost of a thread: a bug is told with its traceback, and the work goes on.
                if self.stopping.is_set():
                    # Left behind: what it needs has ended.
                    return
                self._tell(error)
                wait = self.after_failure[min(failures, len(self.after_failure) - 1)]
                failures += 1

    def _tell(self, error: Exception) -> None:
        if isinstance(error, self.foreseen):
            why = f"{type(error).__name__}: {one_line(str(error))[:300]}"
            log.warning(f"{self.name}_failed", why=why)
        else:
            log.exception(f"{self.name}_failed")
