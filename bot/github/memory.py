"""What a process remembers of a GitHub: bounded, and lost without harm."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakValueDictionary


class _Turn:
    """A lock that nobody needs any more once nobody holds it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Memory:
    """Values by key, the newest `most` of them, each for `life` seconds; safe among threads.

    With an endless life it is for what can never change: what stands in two commits, the log of
    a job that has ended.
    """

    def __init__(
        self,
        most: int,
        life: float = float("inf"),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._life, self._clock = most, life, clock
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._turns: WeakValueDictionary[Hashable, _Turn] = WeakValueDictionary()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """The value, None where there is none any more."""
        with self._lock:
            since, value = self._kept.get(key, (0.0, None))
            return value if self._clock() - since <= self._life else None

    def put(self, key: Hashable, value: Any) -> None:
        """Remember it from now on."""
        with self._lock:
            self._kept[key] = (self._clock(), value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        """Remember it no longer."""
        with self._lock:
            self._kept.pop(key, None)

    def known(self, key: Hashable, work: Callable[[], Any]) -> Any:
        """The value, worked out the first time; None is worked out anew each time."""
        value = self.get(key)
        if value is None:
            value = work()
            self.put(key, value)
        return value

    @contextmanager
    def turn(self, key: Hashable) -> Iterator[None]:
        """One thread at a time for each key."""
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
        with turn.lock:
            yield
