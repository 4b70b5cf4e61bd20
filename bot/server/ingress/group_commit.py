"""One thread writes and syncs what came in meanwhile, and acknowledges it all at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Protocol

import structlog

from bot.server.ingress.records import Delivery

MAX_WAITING = 64 * 1024 * 1024
"""Bytes that may wait for the disk; more is refused, and GitHub shows the delivery as failed."""
MAX_BATCH = 16 * 1024 * 1024
"""Bytes of one batch, beyond its first delivery."""
OVERHEAD = 256
"""Bytes a delivery counts for beside its payload."""

log = structlog.get_logger()


class NotKept(Exception):
    """The disk or the database does not take it: full, broken, away."""


class Full(NotKept):
    """More comes in than is written."""


class Sink(Protocol):
    """Where deliveries are kept."""

    def write(self, batch: Sequence[Delivery]) -> None:
        """Kept for good on return; raises `NotKept` when nothing of the batch surely is."""

    def close(self) -> None:
        """No more will be written."""


class GroupCommit:
    """What `append` gives is done when the delivery is kept; for one event loop.

    `NotKept` goes to everybody who waits for that batch; the next batch is tried anew.
    """

    def __init__(
        self, sink: Sink, loop: asyncio.AbstractEventLoop, *, most: int = MAX_WAITING
    ) -> None:
        self._sink, self._loop, self._most = sink, loop, most
        self._batch: list[Delivery] = []
        self._size = self._waiting = 0
        self._done = loop.create_future()
        self._queue: list[tuple[list[Delivery], asyncio.Future[None]]] = []
        self._awake = threading.Condition()
        self._closing = False
        self.batches = 0
        self.seconds = 0.0
        """Spent writing and syncing."""
        self._thread = threading.Thread(target=self._write_all, name="inbox", daemon=True)
        self._thread.start()

    def append(self, delivery: Delivery) -> asyncio.Future[None]:
        """Done once the delivery is kept; raises `Full` at once when too much waits."""
        size = len(delivery.payload) + OVERHEAD
        with self._awake:
            if self._closing or self._waiting + size > self._most:
                raise Full
            if self._batch and self._size + size > MAX_BATCH:
                self._seal()
            self._batch.append(delivery)
            self._size += size
            self._waiting += size
            self._awake.notify()
            return self._done

    def close(self) -> None:
        """Write what waits, then end."""
        with self._awake:
            self._closing = True
            self._awake.notify()
        self._thread.join()
        self._sink.close()

    def _seal(self) -> None:
        self._queue.append((self._batch, self._done))
        self._batch, self._size, self._done = [], 0, self._loop.create_future()

    def _write_all(self) -> None:
        while True:
            with self._awake:
                while not self._batch and not self._queue and not self._closing:
                    self._awake.wait()
                if self._batch:
                    self._seal()
                if not self._queue:
                    return
                batch, done = self._queue.pop(0)
            failure = self._write(batch)
            with self._awake:
                self._waiting -= sum(len(d.payload) + OVERHEAD for d in batch)
            self._loop.call_soon_threadsafe(_resolve, done, failure)

    def _write(self, batch: list[Delivery]) -> NotKept | None:
        started = time.perf_counter()
        try:
            self._sink.write(batch)
        except NotKept as error:
            log.error("deliveries_refused", count=len(batch), why=str(error))
            return error
        except Exception as error:
            # This thread must go on: without it nothing would ever be answered again.
            log.exception("deliveries_refused", count=len(batch))
            return NotKept(str(error))
        self.batches += 1
        self.seconds += time.perf_counter() - started
        return None


def _resolve(done: asyncio.Future[None], failure: NotKept | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
        # Whoever waited may be gone: an error nobody fetches is not to be printed.
        done.exception()
