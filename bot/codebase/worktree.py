"""A work tree of our own, beside its git directory, far from the user's checkout.

Its git directory is not the user's: it has a configuration, an index and attributes of ours, so
that no filter, driver or line-ending rule of the repository touches a byte. Objects go to the
user's object store; the branch moves by compare-and-swap.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.files import WorkFiles
from bot.codebase.git import PATCH, Git, checked_commit, checked_ref, nul_ended, nul_split
from bot.codebase.git_dir import make_git_dir, object_kind
from bot.codebase.process import child_environment
from bot.codebase.repository import Repository, changed_paths
from bot.errors import CommandFailed, Refused, Unusable

EXCLUDED = ("_build/", "/deps/", "/apps/*/deps/", "erl_crash.dump")
"""Build output stays between resets and is no change, even where no .gitignore says so."""


@dataclass(frozen=True)
class Worktree:
    """A checkout of `branch` that only we write to."""

    repository: Repository
    branch: str
    """Short name, below `genesis/`."""
    start: str
    """Commit the branch begins at."""
    directory: Path
    """Holds `tree` and `git`."""
    git: Git
    files: WorkFiles

    @classmethod
    def create(
        cls, repository: Repository, branch: str, start_commit: str, directory: Path
    ) -> Worktree:
        """A fresh work tree at `start_commit`; leftovers in `directory` are removed.

        The branch comes into being with the first commit. Raises `Refused` when it exists and
        points elsewhere, or when `directory` lies inside the checkout.
        """
        tip = repository.ref(checked_ref(f"refs/heads/{branch}"))
        if tip not in (None, start_commit):
            raise Refused(
                f"branch {branch!r} exists already", hint="resume it, or delete the branch"
            )
        return cls._populate(repository, branch, checked_commit(start_commit), directory)

    @classmethod
    def resume(
        cls, repository: Repository, branch: str, start_commit: str, directory: Path
    ) -> Worktree:
        """The work tree an earlier run left in `directory`, reset to the branch's tip.

        What a killed run left half-done is dropped; a missing or broken directory is made anew.
        """
        tip = repository.ref(checked_ref(f"refs/heads/{branch}")) or checked_commit(start_commit)
        if not (directory / "ready").is_file():
            return cls._populate(repository, branch, start_commit, directory, tip)
        for leftover in (directory / "git").rglob("*.lock"):
            leftover.unlink()
        tree = cls._at(repository, branch, start_commit, directory)
        try:
            tree._checkout(tip)
        except CommandFailed:
            return cls._populate(repository, branch, start_commit, directory, tip)
        return tree

    @classmethod
    def _populate(
        cls, repository: Repository, branch: str, start: str, directory: Path, tip: str = ""
    ) -> Worktree:
        refuse_inside(repository, directory)
        if directory.exists():
            shutil.rmtree(directory)
        (directory / "tree").mkdir(parents=True)
        _make_git_dir(repository, directory / "git")
        tree = cls._at(repository, branch, start, directory)
        tree._checkout(tip or start)
        (directory / "ready").touch()
        return tree

    @classmethod
    def _at(cls, repository: Repository, branch: str, start: str, directory: Path) -> Worktree:
        environment = child_environment(repository.settings.environment)
        git = Git(
            directory / "tree",
            environment,
            directory / "git",
            objects=repository.objects,
            timeout=repository.settings.git_timeout,
        )
        return cls(repository, branch, start, directory, git, WorkFiles(directory / "tree"))

    @property
    def root(self) -> Path:
        """Top of the checked out tree."""
        return self.directory / "tree"

    @property
    def project(self) -> Path:
        """The directory in the tree that answers the one the user named."""
        return self.root / self.repository.prefix

    def in_project(self, paths: Iterable[str]) -> Iterator[str]:
        """Those of the paths that lie in `project`, relative to it."""
        inside = f"{self.repository.prefix}/" if self.repository.prefix else ""
        return (path.removeprefix(inside) for path in paths if path.startswith(inside))

    def head(self) -> str:
        """The commit the tree is based on: the branch's tip."""
        return self.git.line("rev-parse", "--verify", "HEAD^{commit}")

    def changed(self) -> tuple[str, ...]:
        """Paths that differ from `head` or are new, without build output; sorted."""
        return changed_paths(self.git)

    def diff(self, base: str = "", *, below: str = "") -> str:
        """Unified diff from `base` (empty: the head) to the files as they are, new ones too.

        `below` is a directory: only what lies in it, with paths relative to it.
        """
        self.git.run("add", "--all", "--intent-to-add", "--", ".", check=False)
        flags = (*PATCH, f"--relative={below}/") if below else PATCH
        out = self.git.raw("diff", *flags, checked_commit(base or self.head()), "--")
        return out.decode("utf-8", "replace")

    def commit(
        self, message: str, paths: Iterable[str], trailers: Mapping[str, str] | None = None
    ) -> str:
        """Commit the changes of exactly `paths` and move the branch; returns the new commit.

        Raises `Refused` when other files changed, nothing did, or one is no regular file, and
        `Transient` when somebody else moved the branch.
        """
        allowed, changed = set(paths), set(self.changed())
        if unknown := sorted(changed - allowed):
            raise Refused(f"files outside the action changed: {', '.join(unknown)}")
        if not changed:
            raise Refused("nothing changed, so there is nothing to commit")
        self._stage(changed)
        return self._record(message, trailers or {})

    def revert(self, commit: str, message: str, trailers: Mapping[str, str] | None = None) -> str:
        """Undo `commit` by a new one on top; raises `Refused` when later changes are in the way."""
        if self.changed():
            raise Refused("the work tree has changes; reset it first")
        done = self.git.run("revert", "--no-commit", checked_commit(commit), check=False)
        if done.returncode != 0:
            self.reset()
            raise Refused(
                f"commit {commit[:12]} cannot be undone: later commits changed the same lines",
                hint="undo those first",
            )
        touched = self._staged()
        if not touched:
            self.reset()
            raise Refused(f"commit {commit[:12]} is undone already")
        new = self._record(message, trailers or {})
        self._touch(dict.fromkeys(touched, 0.0))
        return new

    def reset(self) -> None:
        """Back to `head`: changes and new files go, `_build` and `deps` stay."""
        self._checkout(self.head())

    def remove(self) -> None:
        """Delete the work tree; the branch stays."""
        shutil.rmtree(self.directory)

    def _record(self, message: str, trailers: Mapping[str, str]) -> str:
        parent, tree = self.head(), self.git.line("write-tree")
        name, email = self.repository.git.identity
        identity = ("-c", f"user.name={name}", "-c", f"user.email={email}")
        text = _message(message, trailers).encode("utf-8", "replace")
        new = self.git.line(*identity, "commit-tree", tree, "-p", parent, "-F", "-", stdin=text)
        ref = f"refs/heads/{self.branch}"
        absent = parent == self.start and self.repository.ref(ref) is None
        expected = None if absent else parent
        self.repository.update_ref(ref, new, expected, reason=message.splitlines()[0])
        self.git.run("update-ref", "--no-deref", "HEAD", new)
        return new

    def _checkout(self, commit: str) -> None:
        born = self.git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False)
        touched = set(self.changed()) if born.returncode == 0 else set()
        if born.returncode == 0 and born.stdout.strip() != commit:
            old = born.stdout.strip()
            out = self.git.raw("diff-tree", "-r", "-z", "--name-only", old, commit)
            touched |= set(nul_split(out))
        before = {path: self._modified(path) for path in touched}
        self.git.run("reset", "--hard", "--quiet", commit)
        self.git.run("clean", "-ffd", "--quiet")
        self._touch(before)

    def _modified(self, path: str) -> float:
        try:
            return self.files.modified(path.rstrip("/"))
        except Refused:
            return 0.0

    def _touch(self, before: Mapping[str, float]) -> None:
        for path, modified in before.items():
            try:
                self.files.touch(path.rstrip("/"), modified)
            except (FileNotFoundError, NotADirectoryError, Refused):
                continue

    def _staged(self) -> tuple[str, ...]:
        out = self.git.raw("diff-index", "--cached", "-z", "--name-only", "HEAD", "--")
        return nul_split(out)

    def _stage(self, paths: Iterable[str]) -> None:
        for path in paths:
            if not self.files.exists(path) and os.path.lexists(self.root / path):
                raise Refused(f"only regular files can be committed, not {path!r}")
        self.git.run("update-index", "--add", "--remove", "-z", "--stdin", stdin=nul_ended(paths))


def _make_git_dir(repository: Repository, git_dir: Path) -> None:
    info = make_git_dir(repository.git, git_dir, object_kind(repository.git))
    prefix = f"/{repository.prefix}" if repository.prefix else ""
    excluded = (*EXCLUDED, f"{prefix}/deps/")
    (info / "exclude").write_text("\n".join(excluded) + "\n", encoding="utf-8")
    shallow = repository.git_dir / "shallow"
    if shallow.is_file():
        shutil.copyfile(shallow, git_dir / "shallow")


def refuse_inside(repository: Repository, directory: Path) -> None:
    """Raise `Unusable` when a directory of ours lies inside the user's checkout."""
    where = directory.resolve()
    if where.is_relative_to(repository.root) or where.is_relative_to(repository.git_dir):
        raise Unusable(
            f"the cache directory {str(directory)!r} lies inside the repository",
            hint="set GENESIS_CACHE_DIR to a directory outside",
        )


def _message(message: str, trailers: Mapping[str, str]) -> str:
    lines = [f"{name}: {' '.join(value.split())}" for name, value in trailers.items()]
    return "\n\n".join(part for part in (message.strip(), "\n".join(lines)) if part) + "\n"
