"""The Elixir files of a work tree in memory, and what is known of them while they stay the same."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.codebase.files import WorkFiles
from bot.codebase.outlines import module_outlines
from bot.core.finding import Analysis, Note
from bot.core.ports import ModuleOutline
from bot.elixir import grammar
from bot.elixir.analyze import survey
from bot.elixir.selection import EVERYTHING, Selection
from bot.elixir.skeleton import skeleton
from bot.elixir.tree import MAX_BYTES, MemoryTree, is_elixir, name_problem
from bot.elixir.workers import by_file
from bot.errors import Refused

Stamp = tuple[int, int, int, int]
"""What tells that a file is the one seen before: size, both times, inode."""


@dataclass(frozen=True)
class ReadTree:
    """A `SourceTree` of files read once."""

    memory: MemoryTree
    left_out: tuple[Note, ...] = ()
    selection: Callable[[], Selection] = lambda: EVERYTHING

    def files(self) -> Mapping[str, bytes]:
        """Files that can be analysed, by path."""
        return self.memory.files()

    def notes(self) -> tuple[Note, ...]:
        """Files that cannot, and why."""
        return (*self.left_out, *self.memory.notes())

    @cached_property
    def analysis(self) -> Analysis:
        """What the rules say, as far as it counts."""
        return survey(self, selection=self.selection()).analysis


class Sources:
    """Reads again only what changed, by whomever; one thread does so while the others wait."""

    def __init__(
        self,
        files: WorkFiles,
        walk: Callable[[], Mapping[str, os.stat_result]],
        selection: Callable[[], Selection] = lambda: EVERYTHING,
    ) -> None:
        self._files, self._walk, self._selection = files, walk, selection
        self._stamps: dict[str, Stamp] = {}
        self._tree = ReadTree(MemoryTree({}))
        self._outlines: dict[str, tuple[ModuleOutline, ...]] = {}
        self._lock = threading.Lock()

    def analysis(self) -> Analysis:
        """What the rules say of the tree as it is now."""
        with self._lock:
            return self._current().analysis

    def modules(self) -> tuple[ModuleOutline, ...]:
        """Every module of the tree as it is now, in order of path and line."""
        with self._lock:
            files = self._current().files()
            new = {path: data for path, data in files.items() if path not in self._outlines}
            found = by_file(new, module_outlines, before_fork=lambda: grammar.prepare("alias"))
            self._outlines.update(zip(new, found, strict=True))
            return tuple(module for path in files for module in self._outlines[path])

    def skeleton(self, max_tokens: int | None) -> str:
        """The tree as it is now, as context for a model."""
        with self._lock:
            tree = self._current()
            return skeleton(tree, max_tokens=max_tokens, analysis=tree.analysis)

    def _current(self) -> ReadTree:
        stamps = {path: _stamp(info) for path, info in self._walk().items() if is_elixir(path)}
        if stamps != self._stamps:
            known = self._tree.memory.content
            same = {p for p, s in stamps.items() if p in known and self._stamps.get(p) == s}
            read = {path: known[path] if path in same else self._read(path) for path in stamps}
            files = {path: found for path, found in read.items() if isinstance(found, bytes)}
            left_out = tuple(found for found in read.values() if isinstance(found, Note))
            self._outlines = {p: outlines for p, outlines in self._outlines.items() if p in same}
            self._tree = ReadTree(MemoryTree(files), left_out, self._selection)
            self._stamps = stamps
        return self._tree

    def _read(self, path: str) -> bytes | Note:
        unnamed = name_problem(path)
        if unnamed is not None:
            return unnamed
        try:
            return self._files.read_bytes(path, MAX_BYTES)
        except Refused as refused:
            return Note(path=path, kind="unreadable", message=refused.message)
        except OSError as error:
            return Note(path=path, kind="unreadable", message=error.strerror or str(error))


def _stamp(info: os.stat_result) -> Stamp:
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino
