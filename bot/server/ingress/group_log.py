"""The writing side: one thread writes and syncs what came in meanwhile, and acknowledges it all."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

from bot.server.ingress.records import path_of, segments, sync_folder, whole

MAX_WAITING = 64 * 1024 * 1024
"""Bytes that may wait for the disk; more is refused, and GitHub shows the delivery as failed."""
SEGMENT = 64 * 1024 * 1024
"""Bytes after which a new segment begins."""


class Full(Exception):
    """The disk is slower than what comes in."""


class GroupLog:
    """Appends records; what `append` gives is done when they are on the disk.

    For one event loop. `OSError` of the disk (full, broken) goes to everybody who waits for that
    batch; the file is cut back to what was whole, and the next batch is tried anew.
    """

    def __init__(self, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._loop = folder, loop
        self._segment = max(segments(folder), default=1)
        self._file, self._size = self._opened()
        self._batch: list[bytes] = []
        self._waiting = 0
        self._done = loop.create_future()
        self._awake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write_all, name="inbox", daemon=True)
        self._thread.start()

    def append(self, record: bytes) -> asyncio.Future[None]:
        """Done once the record is on the disk; raises `Full` at once when too much waits."""
        with self._awake:
            if self._closing or self._waiting + len(record) > MAX_WAITING:
                raise Full
            self._batch.append(record)
            self._waiting += len(record)
            self._awake.notify()
            return self._done

    def close(self) -> None:
        """Write what waits, then end."""
        with self._awake:
            self._closing = True
            self._awake.notify()
        self._thread.join()
        os.close(self._file)

    def _write_all(self) -> None:
        while True:
            with self._awake:
                while not self._batch and not self._closing:
                    self._awake.wait()
                if not self._batch:
                    return
                batch, done = self._batch, self._done
                self._batch, self._done = [], self._loop.create_future()
            data = b"".join(batch)
            failure = self._write(data)
            with self._awake:
                self._waiting -= len(data)
            self._loop.call_soon_threadsafe(_resolve, done, failure)

    def _write(self, data: bytes) -> OSError | None:
        try:
            if self._size and self._size + len(data) > SEGMENT:
                self._next_segment()
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
            os.fdatasync(self._file)
        except OSError as error:
            self._cut_back()
            return error
        self._size += len(data)
        return None

    def _cut_back(self) -> None:
        """Half a batch would hide all that comes after it from the reader."""
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            # Not even that: leave this segment and go on in a new one.
            self._size = SEGMENT

    def _next_segment(self) -> None:
        self._segment += 1
        old = self._file
        self._file, self._size = self._opened()
        os.close(old)

    def _opened(self) -> tuple[int, int]:
        path = path_of(self._folder, self._segment)
        size = whole(path) if path.exists() else 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        file = os.open(path, flags, 0o600)
        os.ftruncate(file, size)
        sync_folder(self._folder)
        return file, size


def _resolve(done: asyncio.Future[None], failure: OSError | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
        # Whoever waited may be gone: an error nobody fetches is not to be printed.
        done.exception()
