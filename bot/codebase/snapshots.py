"""Remember a tree and bring it back, by a git directory of our own beside the tree.

It has its own index, which makes the next snapshot quick, and its own objects, which no garbage
collection of the user's repository knows and so none takes away. What the repository has already is
borrowed. Snapshots are found again after a kill by whoever opens the same directory.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.files import WorkFiles
from bot.codebase.git import PATCH, Git, checked_commit, nul_ended, nul_split
from bot.codebase.git_dir import make_git_dir, object_kind
from bot.codebase.process import child_environment
from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.errors import Refused, Unusable
from bot.settings import Settings, load_settings

MOST_FILES = 50_000
MOST_BYTES = 1_000_000_000
"""More is no code base, rather somebody's home directory."""

REFS = "refs/snapshots/"
BEGINNINGS = "refs/beginnings/"
"""By snapshot: the tree its work began with."""

Walk = Callable[[], Mapping[str, os.stat_result]]
"""Every file that belongs to a snapshot."""


@dataclass(frozen=True)
class Snapshots:
    """Snapshots of the files that `walk` names; `store` is the git directory, made when absent."""

    files: WorkFiles
    walk: Walk
    store: Path
    env: Mapping[str, str]
    timeout: float = 60.0
    lender: Repository | None = None
    """A repository that holds most of the files already."""

    def take(self, beginning: str = "") -> str:
        """Remember the tree as it is; the same tree has the same name."""
        with self._open() as git:
            tree = self._record(git)
            git.run("update-ref", f"{REFS}{tree}", tree)
            if beginning:
                git.run("update-ref", f"{BEGINNINGS}{tree}", checked_commit(beginning))
        return tree

    def beginning(self, snapshot: str) -> str:
        """What the work of a snapshot began with; empty where nobody said."""
        with self._open() as git:
            return _ref(git, f"{BEGINNINGS}{checked_commit(snapshot)}")

    def restore(self, snapshot: str) -> tuple[str, ...]:
        """Make the tree what it was, dated so that a build sees it; returns the paths changed."""
        with self._open() as git:
            if _ref(git, f"{REFS}{checked_commit(snapshot)}") != snapshot:
                raise Refused(
                    f"there is no snapshot {snapshot!r}", hint="snapshots belong to one work tree"
                )
            present = self._record(git)
            changed = nul_split(
                git.raw("diff-tree", "-r", "-z", "--name-only", "--no-renames", present, snapshot)
            )
            before = {path: self._modified(path) for path in changed}
            git.run("read-tree", "--reset", "-u", snapshot)
        for path, modified in before.items():
            with suppress(FileNotFoundError, NotADirectoryError):
                self.files.touch(path, modified)
        return changed

    def patch(self, since: str) -> str:
        """What differs from the snapshot now, as a unified diff."""
        with self._open() as git:
            self._record(git)
            out = git.raw("diff-index", "--cached", "--patch", *PATCH, checked_commit(since), "--")
        return out.decode("utf-8", "replace")

    def _modified(self, path: str) -> float:
        """When the file was written last; 0 where a link or a folder stands in its place."""
        try:
            return self.files.modified(path)
        except Refused:
            return 0.0

    def _record(self, git: Git) -> str:
        """Put every file into the index; returns its tree."""
        present = self._bounded()
        gone = set(nul_split(git.raw("ls-files", "-z"))) - present.keys()
        if gone:
            nothing = "0" * len(git.line("hash-object", "--stdin"))
            removals = (f"0 {nothing}\t{path}" for path in sorted(gone))
            git.run("update-index", "-z", "--index-info", stdin=nul_ended(removals))
        flags = ("--add", "--replace", "--remove", "-z", "--stdin")
        git.run("update-index", *flags, stdin=nul_ended(present))
        return git.line("write-tree")

    def _bounded(self) -> Mapping[str, os.stat_result]:
        present = self.walk()
        size = sum(info.st_size for info in present.values())
        if len(present) > MOST_FILES or size > MOST_BYTES:
            raise Refused(
                f"{len(present):,} files with {size:,} bytes are too much to remember",
                hint="work on a git repository, or on a smaller directory",
            )
        return present

    @contextmanager
    def _open(self) -> Iterator[Git]:
        """The git directory, ours alone until the end, without what a killed run left locked."""
        if self.store.resolve().is_relative_to(self.files.root):
            raise Unusable(
                f"the cache directory lies inside {str(self.files.root)!r}",
                hint="set GENESIS_CACHE_DIR to a directory outside",
            )
        self.store.parent.mkdir(parents=True, exist_ok=True)
        with open(self.store.with_name(f"{self.store.name}.lock"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.store.is_dir():
                self._make()
            for leftover in self.store.rglob("*.lock"):
                leftover.unlink()
            yield Git(self.files.root, self.env, self.store, timeout=self.timeout)

    def _make(self) -> None:
        """All at once, so that no kill leaves half of it."""
        scratch = self.store.with_name(f"{self.store.name}.new")
        shutil.rmtree(scratch, ignore_errors=True)
        git = Git(self.files.root, self.env, timeout=self.timeout)
        make_git_dir(git, scratch, object_kind(self.lender.git) if self.lender else "sha1")
        if self.lender is not None:
            alternates = scratch / "objects" / "info" / "alternates"
            alternates.write_text(f"{self.lender.objects}\n", encoding="utf-8")
        scratch.rename(self.store)


def snapshots_of(
    files: WorkFiles, walk: Walk, worktree: Worktree | None, settings: Settings | None
) -> Snapshots:
    """In the work tree's directory; those of a plain one in the cache, by its path."""
    if worktree is not None:
        lender = worktree.repository
        env = child_environment(lender.settings.environment)
        store = worktree.directory / "snapshots"
        return Snapshots(files, walk, store, env, lender.settings.git_timeout, lender)
    known = settings or load_settings()
    name = hashlib.sha256(os.fsencode(files.root)).hexdigest()[:16]
    store = known.cache_dir / "snapshots" / name
    env = child_environment(known.environment)
    return Snapshots(files, walk, store, env, known.git_timeout)


def _ref(git: Git, name: str) -> str:
    done = git.run("rev-parse", "--verify", "--quiet", name, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
