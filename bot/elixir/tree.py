"""Where source comes from: a directory, or files held in memory (a commit, a pack, a test)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from bot.core.finding import Note

SKIPPED_FOLDERS = frozenset(
    {".git", "_build", "deps", "node_modules", ".elixir_ls", "cover", ".genesis", ".lexical"}
)
MAX_BYTES = 2_000_000
"""Larger files are generated data; they are noted, not analysed."""


class SourceTree(Protocol):
    """Elixir files by path relative to the repository's root."""

    def files(self) -> Mapping[str, bytes]:
        """All readable `.ex` and `.exs` files."""
        ...

    def notes(self) -> tuple[Note, ...]:
        """Files left out, and why."""
        ...


@dataclass(frozen=True)
class MemoryTree:
    """Files given as a mapping."""

    content: Mapping[str, bytes]

    @classmethod
    def of(cls, files: Mapping[str, str | bytes]) -> MemoryTree:
        """From text or bytes by path; whatever is not Elixir is dropped."""
        kept = {
            p: c if isinstance(c, bytes) else c.encode() for p, c in files.items() if is_elixir(p)
        }
        return cls(dict(sorted(kept.items())))

    @cached_property
    def _checked(self) -> tuple[dict[str, bytes], tuple[Note, ...]]:
        return _readable(self.content.items())

    def files(self) -> Mapping[str, bytes]:
        return self._checked[0]

    def notes(self) -> tuple[Note, ...]:
        return self._checked[1]


@dataclass(frozen=True)
class DirectoryTree:
    """Files below a directory as on disk; symlinks that leave it are noted, not followed."""

    root: Path
    only: frozenset[str] | None = None
    """Relative paths to keep; `None` keeps all."""

    @cached_property
    def _checked(self) -> tuple[dict[str, bytes], tuple[Note, ...]]:
        files: list[tuple[str, bytes]] = []
        notes: list[Note] = []
        for name, path in _elixir_paths(self.root):
            if self.only is not None and name not in self.only:
                continue
            if (unnamed := name_problem(name)) is not None:
                notes.append(unnamed)
                continue
            problem = _unusable(self.root, path)
            if problem is not None:
                notes.append(problem.model_copy(update={"path": name}))
                continue
            try:
                with open(path, "rb", buffering=0) as file:
                    files.append((name, file.read()))
            except OSError as error:
                notes.append(
                    Note(path=name, kind="unreadable", message=error.strerror or str(error))
                )
        readable, more = _readable(files)
        return readable, (*notes, *more)

    def files(self) -> Mapping[str, bytes]:
        return self._checked[0]

    def notes(self) -> tuple[Note, ...]:
        return self._checked[1]


def is_elixir(path: str) -> bool:
    """Whether the path names an Elixir source file outside build folders."""
    *folders, name = path.split("/")
    return name.endswith((".ex", ".exs")) and not SKIPPED_FOLDERS & set(folders)


def name_problem(path: str) -> Note | None:
    """A note on a file whose name is no UTF-8: no report could name it."""
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if shown == path:
        return None
    return Note(path=shown, kind="unreadable", message="its name is not UTF-8; not analysed")


def _elixir_paths(root: Path) -> Iterator[tuple[str, str]]:
    """Names relative to the root, with the paths to open; strings, as trees have many files."""
    top = os.fspath(root)
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
        below = os.path.relpath(folder, top).replace(os.sep, "/")
        prefix = "" if below == "." else f"{below}/"
        for name in sorted(names):
            if name.endswith((".ex", ".exs")):
                yield prefix + name, os.path.join(folder, name)


def _unusable(root: Path, path: str) -> Note | None:
    try:
        info = os.lstat(path)
        if stat.S_ISLNK(info.st_mode):
            if not Path(path).resolve().is_relative_to(root.resolve()):
                return Note(
                    path="",
                    kind="outside",
                    message="symbolic link that leaves the tree; not followed",
                )
            info = os.stat(path)
    except (OSError, RuntimeError) as error:
        return Note(path="", kind="unreadable", message=str(error))
    if not stat.S_ISREG(info.st_mode):
        return Note(path="", kind="unreadable", message="not a regular file")
    if info.st_size > MAX_BYTES:
        return Note(
            path="",
            kind="too-large",
            message=f"{info.st_size:,} bytes; files over {MAX_BYTES:,} are not analysed",
        )
    return None


def _readable(items: Iterable[tuple[str, bytes]]) -> tuple[dict[str, bytes], tuple[Note, ...]]:
    files: dict[str, bytes] = {}
    notes: list[Note] = []
    for path, data in items:
        if len(data) > MAX_BYTES:
            notes.append(
                Note(path=path, kind="too-large", message=f"{len(data):,} bytes; not analysed")
            )
            continue
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            notes.append(
                Note(
                    path=path,
                    kind="not-utf8",
                    message=f"not UTF-8 at byte {error.start}; not analysed",
                )
            )
            continue
        files[path] = data
    return files, tuple(notes)
