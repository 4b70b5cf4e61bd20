"""The code base as one object: files, edits, search, analysis, mix and snapshots of a work tree."""

from __future__ import annotations

import builtins
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from bot.codebase.boundary import Boundary, limited, refusing
from bot.codebase.editing import problem, replace
from bot.codebase.files import NoFile, WorkFiles
from bot.codebase.mix import Mix, Reporter
from bot.codebase.mix_arguments import checked_arguments
from bot.codebase.outlines import outline_text
from bot.codebase.paths import GLOB, Glob, similar
from bot.codebase.search import search_lines
from bot.codebase.snapshots import snapshots_of
from bot.codebase.sources import Sources
from bot.codebase.stale import Stale
from bot.codebase.tasks import Tasks
from bot.codebase.worktree import Worktree
from bot.core.finding import Finding
from bot.core.ports import CommandResult, Edited, Match, ModuleOutline
from bot.elixir.edit import file_diff
from bot.elixir.rules import all_rules
from bot.elixir.selection import EVERYTHING, Selection
from bot.elixir.tree import MAX_BYTES
from bot.errors import Refused
from bot.settings import Settings


class Codebase:
    """The `Workspace` of `bot.core.ports` over a work tree, or over a plain directory.

    Many threads may read at once; what writes does so one after the other.
    """

    def __init__(
        self,
        files: WorkFiles,
        *,
        worktree: Worktree | None = None,
        mix: Callable[[], Mix] | None = None,
        reporter: Callable[[], Reporter] | None = None,
        settings: Settings | None = None,
        selection: Callable[[], Selection] = lambda: EVERYTHING,
    ) -> None:
        if worktree is not None:
            _require_project(files, worktree)
        self.worktree = worktree
        self._files = files
        self._tasks = Tasks(mix, reporter)
        self._boundary = Boundary(worktree, files.exists)
        self._sources = Sources(files, self._walk, selection)
        self._snapshots = snapshots_of(files, self._walk, worktree, settings)
        self._beginning = ""
        """Without a repository: the snapshot the work began with, taken before the first change."""
        self._stale = Stale(worktree)
        self._writing = threading.RLock()

    def read(self, path: str) -> str:
        """The file's text; raises `Refused` when it is missing, too large or no UTF-8."""
        with refusing(path), self._suggesting(path):
            return self._files.read_text(self._boundary.readable(path), MAX_BYTES)

    def write(self, path: str, content: str) -> Edited:
        """Create or replace one file; text takes over the line ends the file has."""
        with refusing(path), self._writing:
            self._boundary.writable(path)
            before = self._before(path)
            limited(path, content)
            self._begin()
            self._files.write(path, content)
            self._stale.add(path)
            after = self._files.read_text(path)
        return Edited(
            path=path,
            diff=file_diff(path, before, after) if before != after else "",
            created=before is None,
            problem=problem(path, after),
        )

    def edit(
        self, path: str, old: str, new: str, *, every: bool = False, dry_run: bool = False
    ) -> Edited:
        """Replace `old`, which must occur exactly once unless `every`; raises `NoMatch`."""
        with refusing(path), self._writing:
            before = self.read(self._boundary.writable(path))
            after, count = replace(before, old, new, every=every)
            limited(path, after)
            if after != before and not dry_run:
                self._begin()
                self._files.write(path, after.encode("utf-8"))
                self._stale.add(path)
        diff = file_diff(path, before, after) if before != after else ""
        return Edited(path=path, diff=diff, replacements=count, problem=problem(path, after))

    def remove(self, path: str) -> Edited:
        """Delete one file."""
        with refusing(path), self._suggesting(path), self._writing:
            before = self._before(self._boundary.writable(path))
            self._begin()
            self._files.remove(path)
        return Edited(path=path, diff=file_diff(path, before, None))

    def copy(self, source: str, destination: str) -> None:
        """Put a file's bytes and mode in another place, over the file that may be there."""
        with refusing(destination), self._suggesting(source), self._writing:
            self._boundary.readable(source)
            self._boundary.writable(destination)
            self._begin()
            self._files.copy(source, destination)
            self._stale.add(destination)

    def size(self, path: str) -> int:
        """How many bytes the file has, text or not; raises `Refused` when it is missing."""
        with refusing(path), self._suggesting(path):
            return self._files.status(self._boundary.readable(path)).st_size

    def list(self, pattern: str = "**/*") -> tuple[str, ...]:
        """Files that match a glob, sorted; build output and other repositories are left out."""
        glob = Glob.of(pattern)
        return tuple(path for path in self._paths() if glob.matches(path))

    def search(
        self, pattern: str, *, glob: str = "**/*", literal: bool = False, limit: int = 200
    ) -> tuple[Match, ...]:
        """Lines that match a regular expression, or hold a literal text."""
        return search_lines(self._files, self.list(glob), pattern, literal=literal, limit=limit)

    def outline(self, path: str) -> str:
        """What one Elixir file holds, with line numbers; raises `Refused` for another kind."""
        if not path.endswith((".ex", ".exs")):
            raise Refused(f"{path!r} is no Elixir file", hint="read it instead")
        return outline_text(path, self.read(path).encode())

    def modules(self) -> tuple[ModuleOutline, ...]:
        """Every module of the tree, in order of path and line."""
        return self._sources.modules()

    def skeleton(self, *, max_tokens: int | None = None) -> str:
        """The whole code base as signatures, behaviours, supervision trees and findings."""
        return self._sources.skeleton(max_tokens)

    def findings(
        self, *, rules: tuple[str, ...] = (), paths: tuple[str, ...] = ()
    ) -> tuple[Finding, ...]:
        """What the analyser says of the tree as it is now; empty filters mean all."""
        unknown = sorted(set(rules) - {rule.id for rule in all_rules()})
        if unknown:
            known = ", ".join(rule.id for rule in all_rules())
            raise Refused(f"there is no rule {unknown[0]!r}", hint=f"rules: {known}")
        folders = tuple(f"{path.rstrip('/')}/" for path in paths)
        return tuple(
            finding
            for finding in self._sources.analysis().findings
            if (not rules or finding.rule in rules)
            and (not folders or f"{finding.path}/".startswith(folders))
        )

    def diff(self) -> str:
        """Everything that differs from where the work began, as a patch."""
        with self._writing:
            if self.worktree is not None:
                return self.worktree.diff(below=self.worktree.repository.prefix)
            return self._snapshots.patch(self._beginning) if self._beginning else ""

    def mix(self, task: str, args: tuple[str, ...] = (), *, timeout: float = 900) -> CommandResult:
        """Run one mix task of the allow-list in the sandbox; raises `Refused` or `Unusable`."""
        argv = checked_arguments(task, args, partial(self._expand, task))
        with self._for_mix():
            return self._tasks.run(argv, timeout)

    def run_test(self, paths: tuple[str, ...] = ()) -> CommandResult:
        """`mix test`; `passed` only when tests were seen to run and none failed."""
        _, *checked = checked_arguments("test", paths, partial(self._expand, "test"))
        with self._for_mix():
            return self._tasks.test(tuple(checked))

    def run_credo(self) -> CommandResult:
        """`mix credo --strict --format json`; `passed` only when it could read every file."""
        with self._for_mix():
            return self._tasks.credo()

    def snapshot(self) -> str:
        """Remember the tree as it is; the name also serves whoever opens the same work tree."""
        with self._writing:
            self._begin()
            return self._snapshots.take(self._beginning)

    def restore(self, snapshot: str) -> None:
        """Back to a snapshot, new files removed, deleted ones returned."""
        with self._writing:
            self._begin()
            self._stale.add(*self._snapshots.restore(snapshot))
            if self.worktree is None:
                self._beginning = self._snapshots.beginning(snapshot) or self._beginning

    def _begin(self) -> None:
        """Where no repository knows what the files were, remember it before changing anything."""
        if self.worktree is None and not self._beginning:
            self._beginning = self._snapshots.take()

    @contextmanager
    def _for_mix(self) -> Iterator[None]:
        """The tree to ourselves, dated so that mix sees every edit since it looked last."""
        with self._writing:
            mix = self._tasks.buildable()
            self._begin()
            mix.freshen(self._stale.taken())
            yield

    def _expand(self, task: str, path: str) -> tuple[str, ...]:
        """The files a task is given; `format` writes them."""
        if not GLOB.search(path):
            check = self._boundary.writable if task == "format" else self._boundary.readable
            return (check(path),)
        if files := self.list(path):
            return files
        raise Refused(f"no file matches {path!r}")

    def _walk(self) -> dict[str, os.stat_result]:
        return self._files.walk(self._boundary.enters)

    def _paths(self) -> builtins.list[str]:
        return [path for path in self._walk() if path.isprintable()]

    @contextmanager
    def _suggesting(self, path: str) -> Iterator[None]:
        """Name the files that may have been meant instead of one that is not there."""
        try:
            yield
        except NoFile as error:
            meant = similar(path, self._paths())
            hint = f"there is {', '.join(meant)}" if meant else "list what there is"
            raise Refused(error.message, hint=hint) from error

    def _before(self, path: str) -> str | None:
        if not self._files.exists(path):
            return None
        return self._files.read_bytes(path, MAX_BYTES).decode("utf-8", "replace")


def _require_project(files: WorkFiles, worktree: Worktree) -> None:
    """Refuse files elsewhere: also where the project's directory has become a symlink."""
    if files.root != worktree.root.resolve() / worktree.repository.prefix:
        raise Refused(f"{str(files.root)!r} is not the project of the work tree")
