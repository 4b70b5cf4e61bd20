"""Files of a work tree, confined to it whatever the path or a symlink on the way says."""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.errors import Refused

AHEAD = 2
"""Seconds: Mix compares whole seconds, so a write within the second of a build is never seen."""

IGNORABLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad]")
"""Characters HFS+ drops from names, which make a second spelling of `.git`."""

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


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

    def read_bytes(self, path: str) -> bytes:
        """The file's bytes; raises `Refused` when it is missing or not a regular file."""
        try:
            with self._parent(parts(path)) as (parent, name):
                _require_regular(parent, name, path)
                # O_NONBLOCK: a pipe swapped in after the check must not hang us.
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                with open(os.open(name, flags, dir_fd=parent), "rb") as file:
                    return file.read()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Refused(f"no such file: {path!r}") from error

    def read_text(self, path: str) -> str:
        """The file as UTF-8 with its line endings as they are; raises `Refused` when it is not."""
        try:
            return self.read_bytes(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused(f"{path!r} is not UTF-8 (byte {error.start})") from error

    def write(self, path: str, content: str | bytes) -> None:
        """Replace or create the file in one step, keeping its mode.

        Text gets the line endings the file has. The modification time lies ahead of now and of the
        version replaced, so that a build sees every write.
        """
        pieces = parts(path)
        with self._parent(pieces, create=True) as (parent, name):
            before = _status(parent, name)
            if before is not None and not stat.S_ISREG(before.st_mode):
                raise Refused(f"not a regular file: {path!r}")
            data = content if isinstance(content, bytes) else self._with_endings(path, content)
            mode = stat.S_IMODE(before.st_mode) if before else 0o644
            _replace(parent, name, data, mode, _ahead(before))

    def remove(self, path: str) -> None:
        """Delete a regular file; raises `Refused` when there is none."""
        try:
            with self._parent(parts(path)) as (parent, name):
                _require_regular(parent, name, path)
                os.unlink(name, dir_fd=parent)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Refused(f"no such file: {path!r}") from error

    def list(self, globs: Iterable[str] = ("**/*",)) -> tuple[str, ...]:
        """Regular files that match a glob, sorted; symlinks and `.git` are left out."""
        found: set[str] = set()
        for pattern in globs:
            parts(pattern)
            found |= set(self._matching(pattern))
        return tuple(sorted(found))

    def touch(self, path: str, previous: float = 0.0) -> None:
        """Put the file's modification time ahead of now and of `previous` (seconds)."""
        with self._parent(parts(path)) as (parent, name):
            at = max(time.time(), previous) + AHEAD
            os.utime(name, (at, at), dir_fd=parent, follow_symlinks=False)

    def modified(self, path: str) -> float:
        """Modification time in seconds, 0 when there is no such file."""
        try:
            with self._parent(parts(path)) as (parent, name):
                return os.lstat(name, dir_fd=parent).st_mtime
        except (FileNotFoundError, NotADirectoryError):
            return 0.0

    def _matching(self, pattern: str) -> Iterator[str]:
        for found in self.root.glob(pattern):
            name = found.relative_to(self.root).as_posix()
            try:
                if self.exists(name):
                    yield name
            except Refused:
                continue

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
            yield handle, pieces[-1]
        finally:
            os.close(handle)


def parts(path: str) -> tuple[str, ...]:
    """The components of a relative path; raises `Refused` for one that is absolute or leaves."""
    pieces = path.split("/")
    if not path or "\0" in path or any(piece in ("", ".", "..") for piece in pieces):
        raise Refused(f"not a path inside the work tree: {path!r}")
    if "\\" in path or any(_is_git(piece) for piece in pieces):
        raise Refused(f"not a path we may touch: {path!r}")
    return tuple(pieces)


def _is_git(piece: str) -> bool:
    plain = IGNORABLE.sub("", unicodedata.normalize("NFKC", piece)).casefold().rstrip(". ")
    return plain in (".git", "git~1") or plain.startswith(".git:")


def _enter(handle: int, piece: str, path: str, *, create: bool) -> int:
    if create:
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


def _require_regular(parent: int, name: str, path: str) -> None:
    if not stat.S_ISREG(os.lstat(name, dir_fd=parent).st_mode):
        raise Refused(f"not a regular file: {path!r}")


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
