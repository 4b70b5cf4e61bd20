"""One genesis process per repository, by a lock the operating system frees when its holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import Busy, Unusable


@contextmanager
def locked(git_dir: Path) -> Iterator[None]:
    """Hold the lock of the repository; raises `Busy` naming the holder's process id."""
    path = git_dir / "genesis" / "lock"
    try:
        path.parent.mkdir(exist_ok=True)
        # Python opens with O_CLOEXEC, so no child keeps the lock when this process dies.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise Unusable(
            f"cannot write below {str(git_dir)!r}: {error.strerror}",
            hint="work on a clone you own",
        ) from error
    try:
        _take(handle)
        yield
    finally:
        # The file stays: removing it would let two processes lock two files of the same name.
        os.close(handle)


def _take(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise Busy(
            f"another genesis process (pid {holder}) works on this repository",
            hint="wait for it or stop it, then run again",
        ) from error
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
