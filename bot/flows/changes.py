"""The uncommitted change of a work tree, as texts before and after."""

from __future__ import annotations

from bot.codebase.repository import Repository
from bot.codebase.worktree import Worktree
from bot.core.plan import Change
from bot.errors import Refused


def uncommitted(repository: Repository, worktree: Worktree, prefix: str) -> tuple[Change, ...]:
    """What differs from the work tree's head, paths relative to the project at `prefix`.

    Raises `Refused` when a file outside the project changed.
    """
    paths = worktree.changed()
    outside = [path for path in paths if not path.startswith(prefix)]
    if outside:
        raise Refused(f"a file outside the project changed: {outside[0]!r}")
    before = _committed(repository, worktree, paths) if paths else {}
    return tuple(
        Change(
            path=path.removeprefix(prefix),
            before=before.get(path, ""),
            after=text_now(worktree, path),
        )
        for path in paths
    )


def text_now(worktree: Worktree, path: str) -> str:
    """A file of the repository as it stands, empty where there is none."""
    files = worktree.files
    return files.read_bytes(path).decode("utf-8", "replace") if files.exists(path) else ""


def _committed(
    repository: Repository, worktree: Worktree, paths: tuple[str, ...]
) -> dict[str, str]:
    wanted = set(paths)
    entries = [e for e in repository.list(worktree.head()) if e.path in wanted]
    found = repository.read_all(entries)
    return {path: data.decode("utf-8", "replace") for path, data in found.items()}
