"""Reading and writing in folders that steps can change, and never outside of them.

Steps may turn every name of theirs into a link, a second name of some file, or a pipe, also at the
very moment it is used. So a name is first opened without being read, then judged by where it truly
is. `root` is always a path without links: what has a link on the way to it is elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_LOOK = os.O_PATH | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def path_of(opened: int) -> str:
    """Leads to the open file or folder itself, wherever it is by now; other processes, too."""
    return f"/proc/{os.getpid()}/fd/{opened}"


def open_file(root: Path, path: Path) -> BinaryIO:
    """A regular file, also by a link that stays below `root`. Raises OSError for all else."""
    found = os.open(path, _LOOK)
    try:
        _check(root, found, path.name)
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", path.name)
        return os.fdopen(os.open(path_of(found), _READ), "rb")
    finally:
        os.close(found)


def read_bytes(root: Path, path: Path, most: int) -> bytes:
    """Likewise, the whole content, if it is no more than that."""
    with open_file(root, path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 1024} KiB", path.name)
    return content


def is_file(root: Path, path: Path) -> bool:
    """Whether `open_file` would open it."""
    try:
        open_file(root, path).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def folder(root: Path, path: Path) -> Iterator[int]:
    """The folder at `path`, made where it is missing; links on the way may stay below `root`.

    Raises:
        OSError: it leads elsewhere, or is no folder.
        ValueError: it is not below `root` by its name.
    """
    place = os.open(root, _LOOK | os.O_DIRECTORY)
    try:
        _check(root, place, root.name)
        for name in path.relative_to(root).parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=place)
            inner = os.open(name, _LOOK | os.O_DIRECTORY, dir_fd=place)
            os.close(place)
            place = inner
            _check(root, place, name)
        yield place
    finally:
        os.close(place)


@contextlib.contextmanager
def new_file(root: Path, path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A file in the place of whatever is there but a folder. Raises as `folder` does."""
    with folder(root, path.parent) as place:
        _clear(place, path.name)
        opened = os.open(path.name, _NEW, dir_fd=place)
    with os.fdopen(opened, "wb") as file:
        os.fchmod(opened, mode)
        yield file


def write_file(root: Path, path: Path, content: bytes) -> None:
    with new_file(root, path) as file:
        file.write(content)


def new_link(root: Path, path: Path, target: str) -> None:
    """A link in the place of whatever is there but a folder; where it leads does not matter."""
    with folder(root, path.parent) as place:
        _clear(place, path.name)
        os.symlink(target, path.name, dir_fd=place)


def _clear(place: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=place)


def _check(root: Path, opened: int, name: str) -> None:
    if not Path(os.readlink(path_of(opened))).is_relative_to(root):
        raise OSError(errno.EPERM, f"it leads out of '{root.name}'", name)
