"""Changes as texts before and after: a work tree's uncommitted one, or that between two commits."""

from __future__ import annotations

from bot.codebase.git import checked_commit, nul_split
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


def between(repository: Repository, base: str, tip: str, prefix: str) -> tuple[Change, ...]:
    """What differs from `base` to `tip` in the project at `prefix`, paths relative to it.

    Texts only: links, submodules and files that are no UTF-8 are left out.
    """
    span = (checked_commit(base), checked_commit(tip))
    listed = repository.git.raw("diff-tree", "-r", "--no-renames", "--name-only", "-z", *span)
    paths = sorted(path for path in nul_split(listed) if path.startswith(prefix))
    before, after = (_contents(repository, commit, paths) for commit in span)
    found = []
    for path in paths:
        texts = [_text(side, path) for side in (before, after)]
        if None not in texts and texts[0] != texts[1]:
            name = path.removeprefix(prefix)
            found.append(Change(path=name, before=texts[0] or "", after=texts[1] or ""))
    return tuple(found)


def _contents(repository: Repository, commit: str, paths: list[str]) -> dict[str, bytes | None]:
    """Bytes by path of those that are there; None for what is no regular file."""
    wanted = set(paths)
    entries = [entry for entry in repository.list(commit) if entry.path in wanted]
    regular = repository.read_all(entries)
    return {entry.path: regular.get(entry.path) for entry in entries}


def _text(side: dict[str, bytes | None], path: str) -> str | None:
    """Empty for what is not there, None for what is no text."""
    data = side.get(path, b"")
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        return None


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
