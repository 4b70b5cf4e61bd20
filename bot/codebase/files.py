"""Files of a work tree, confined to it whatever the path or a symlink on the way says."""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.codebase.paths import Glob, parts, spelling
from bot.errors import Refused

AHEAD = 2
"""Seconds: Mix compares whole seconds, so a write within the second of a build is never seen."""

MOST_COPIED = 100_000_000
"""Bytes of a file that is copied."""

Enter = Callable[[str, frozenset[str]], bool]
"""Whether to look into a folder, given its path and the names beside it."""

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class NoFile(Refused):
    """There is no file of that name."""


class WorkFiles:
    """Reads and writes regular files below `root`; anything else raises `Refused`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def exists(self, path: str) -> bool:
        """Whether a regular file is there."""
        try:
            with self._parent(parts(path)) as (parent, name):
                return stat.S_ISREG(os.lstat(name, dir_fd=parent).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def read_bytes(self, path: str, limit: int | None = None) -> bytes:
        """The file's bytes; raises `Refused` when it is missing, no regular file or too large."""
        try:
            with self._parent(parts(path)) as (parent, name):
                _require_regular(os.lstat(name, dir_fd=parent), path)
                # O_NONBLOCK: a pipe swapped in after the check must not hang us.
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                with open(os.open(name, flags, dir_fd=parent), "rb") as file:
                    _require_regular(os.fstat(file.fileno()), path)
                    data = file.read() if limit is None else file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoFile(f"no such file: {path!r}") from error
        if limit is not None and len(data) > limit:
            raise Refused(f"{path!r} is larger than {limit:,} bytes")
        return data

    def read_text(self, path: str, limit: int | None = None) -> str:
        """The file as UTF-8 with its line endings as they are; raises `Refused` when it is not."""
        try:
            return self.read_bytes(path, limit).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused(f"{path!r} is not UTF-8 (byte {error.start})") from error

    def status(self, path: str) -> os.stat_result:
        """Size and mode of a regular file; raises `Refused` when there is none."""
        try:
            with self._parent(parts(path)) as (parent, name):
                _require_regular(status := os.lstat(name, dir_fd=parent), path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoFile(f"no such file: {path!r}") from error
        return status

    def copy(self, source: str, destination: str) -> None:
        """Write a file's bytes in another place, with the mode it has here."""
        data = self.read_bytes(source, MOST_COPIED)
        self.write(destination, data, mode=stat.S_IMODE(self.status(source).st_mode))

    def write(self, path: str, content: str | bytes, *, mode: int | None = None) -> None:
        """Replace or create the file in one step, keeping its mode unless one is given.

        Text gets the line endings the file has. The modification time lies ahead of now and of the
        version replaced, so that a build sees every write.
        """
        pieces = parts(path)
        with self._parent(pieces, create=True) as (parent, name):
            before = _status(parent, name)
            if before is None:
                _refuse_twin(parent, name, path)
            else:
                _require_regular(before, path)
            data = content if isinstance(content, bytes) else self._with_endings(path, content)
            kept = stat.S_IMODE(before.st_mode) if before else 0o644
            _replace(parent, name, data, kept if mode is None else mode, _ahead(before))

    def remove(self, path: str) -> None:
        """Delete a regular file; raises `Refused` when there is none."""
        try:
            with self._parent(parts(path)) as (parent, name):
                _require_regular(os.lstat(name, dir_fd=parent), path)
                os.unlink(name, dir_fd=parent)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoFile(f"no such file: {path!r}") from error

    def list(self, globs: Iterable[str] = ("**/*",)) -> tuple[str, ...]:
        """Regular files that match a glob, sorted; symlinks and `.git` are left out."""
        wanted = [Glob.of(pattern) for pattern in globs]
        return tuple(path for path in self.walk() if any(glob.matches(path) for glob in wanted))

    def walk(self, enter: Enter = lambda _folder, _beside: True) -> dict[str, os.stat_result]:
        """Every regular file with its status, sorted by path; no symlink is followed.

        `enter` is asked of each folder. A folder with a `.git` of its own is another repository and
        is left out, as are names we would not touch.
        """
        found: dict[str, os.stat_result] = {}
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            folder = waiting.pop()
            try:
                with self._parent((*folder, "")) as (handle, _):
                    waiting += _scan(handle, folder, enter, found)
            except (FileNotFoundError, NotADirectoryError, PermissionError, Refused):
                # Since its parent was read it went away or was exchanged; or we may not read it.
                if not folder:
                    raise
        return dict(sorted(found.items()))

    def touch(self, path: str, previous: float = 0.0) -> None:
        """Put the file's modification time ahead of now and of `previous` (seconds)."""
        self.date(path, max(time.time(), previous) + AHEAD)

    def date(self, path: str, at: float) -> None:
        """Set the file's modification time (seconds)."""
        with self._parent(parts(path)) as (parent, name):
            os.utime(name, (at, at), dir_fd=parent, follow_symlinks=False)

    def modified(self, path: str) -> float:
        """Modification time in seconds, 0 when there is no such file."""
        try:
            with self._parent(parts(path)) as (parent, name):
                return os.lstat(name, dir_fd=parent).st_mtime
        except (FileNotFoundError, NotADirectoryError):
            return 0.0

    def _with_endings(self, path: str, text: str) -> bytes:
        windows = self.exists(path) and b"\r\n" in self.read_bytes(path)
        plain = text.replace("\r\n", "\n")
        return (plain.replace("\n", "\r\n") if windows else text).encode("utf-8")

    @contextmanager
    def _parent(
        self, pieces: tuple[str, ...], *, create: bool = False
    ) -> Iterator[tuple[int, str]]:
        """The opened directory of the file and its name; no symlink is followed on the way."""
        handle = os.open(self.root, DIRECTORY)
        try:
            for piece in pieces[:-1]:
                step = _enter(handle, piece, "/".join(pieces), create=create)
                os.close(handle)
                handle = step
                if _status(handle, ".git") is not None:
                    raise Refused(f"{'/'.join(pieces)!r} lies in another repository")
            yield handle, pieces[-1]
        finally:
            os.close(handle)


def _scan(
    handle: int, folder: tuple[str, ...], enter: Enter, found: dict[str, os.stat_result]
) -> list[tuple[str, ...]]:
    """Put the folder's files into `found`; returns the folders to look into."""
    inner: list[tuple[str, ...]] = []
    with os.scandir(handle) as scanned:
        entries = list(scanned)
    names = frozenset(entry.name for entry in entries)
    for entry in entries:
        path = "/".join((*folder, entry.name))
        try:
            parts(entry.name)
            if entry.is_dir(follow_symlinks=False):
                inner += [(*folder, entry.name)] if enter(path, names) else []
            elif entry.is_file(follow_symlinks=False):
                found[path] = entry.stat(follow_symlinks=False)
        except (FileNotFoundError, Refused):
            continue
    return inner


def _enter(handle: int, piece: str, path: str, *, create: bool) -> int:
    if create and _status(handle, piece) is None:
        _refuse_twin(handle, piece, path)
        with suppress(FileExistsError):
            os.mkdir(piece, 0o755, dir_fd=handle)
    try:
        return os.open(piece, DIRECTORY, dir_fd=handle)
    except NotADirectoryError as error:
        found = _status(handle, piece)
        if found is not None and stat.S_ISLNK(found.st_mode):
            raise Refused(f"{path!r} leads through a symlink") from error
        if create:
            raise Refused(f"{path!r} leads through a file") from error
        raise


def _status(parent: int, name: str) -> os.stat_result | None:
    try:
        return os.lstat(name, dir_fd=parent)
    except FileNotFoundError:
        return None


def _require_regular(info: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise Refused(f"not a regular file: {path!r}")


def _refuse_twin(parent: int, name: str, path: str) -> None:
    """Refuse to create what some file systems could not tell from a name that is there."""
    same = spelling(name)
    for other in os.listdir(parent):
        if other != name and spelling(other) == same:
            raise Refused(
                f"{path!r}: {name!r} differs from {other!r} only in case or in Unicode form",
                hint="use the name that is there",
            )


def _ahead(before: os.stat_result | None) -> float:
    return max(time.time(), before.st_mtime if before else 0.0) + AHEAD


def _replace(parent: int, name: str, data: bytes, mode: int, modified: float) -> None:
    temporary = f".genesis-{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with open(os.open(temporary, flags, mode, dir_fd=parent), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.utime(file.fileno(), (modified, modified))
        os.replace(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        if _status(parent, temporary) is not None:
            os.unlink(temporary, dir_fd=parent)
        raise
