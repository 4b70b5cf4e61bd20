"""Where one host keeps its deliveries: segment files, synced before anything is acknowledged."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Sequence
from pathlib import Path

from bot.server.ingress.group_commit import NotKept
from bot.server.ingress.records import Delivery, encode, path_of, segments, sync_folder

SEGMENT = 64 * 1024 * 1024
"""Bytes after which a new segment begins."""
TURN = 8.0
"""Seconds to wait for the process before this one to let go of the folder."""


class SegmentLog:
    """The writer of a folder; there is one at a time, by a lock that dies with it."""

    def __init__(self, folder: Path, *, segment: int = SEGMENT, turn: float = TURN) -> None:
        """Raises `NotKept` while another process writes there, or where nobody can."""
        self._folder, self._limit = folder, segment
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(folder, turn)
        except OSError as error:
            raise NotKept(f"{folder}: {error.strerror}") from error
        self._segment = max(segments(folder), default=0)
        self._file: int | None = None
        self._size = 0

    def write(self, batch: Sequence[Delivery]) -> None:
        """On the disk on return; raises `NotKept`, and then nothing of the batch counts."""
        data = b"".join(map(encode, batch))
        try:
            file = self._current(len(data))
            view = memoryview(data)
            while view:
                view = view[os.write(file, view) :]
            os.fdatasync(file)
        except OSError as error:
            self._abandon()
            raise NotKept(os.strerror(error.errno or errno.EIO)) from error
        self._size += len(data)

    def close(self) -> None:
        """Let go of the folder."""
        self._leave()
        os.close(self._lock)

    def _current(self, more: int) -> int:
        if self._file is not None and self._size and self._size + more > self._limit:
            self._leave()
        if self._file is None:
            # Never one that is there: its end may be torn, and a reader may be past it.
            self._segment += 1
            path = path_of(self._folder, self._segment)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            self._size = 0
            sync_folder(self._folder)
        return self._file

    def _abandon(self) -> None:
        """Leave the segment, which ends with half a batch, or with one that is not surely kept.

        A reader may have read of it already, so its place is not written again; and after a sync
        that failed the system may take the file for clean.
        """
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            # The reader finds the torn record by its checksum.
            pass
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)


def _locked(folder: Path, turn: float) -> int:
    handle = os.open(folder / "writer", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + turn
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise NotKept("another process writes there") from None
            time.sleep(0.05)
