"""Which files mix has not seen as they are: it looks at whole seconds and sizes only."""

from __future__ import annotations

from bot.codebase.worktree import Worktree


class Stale:
    """Paths changed since mix looked last; at first whatever the work tree has changed already.

    A killed run may have left changes of which its builds never knew.
    """

    def __init__(self, worktree: Worktree | None) -> None:
        self._worktree = worktree
        self._paths: set[str] = set()

    def add(self, *paths: str) -> None:
        """Remember changes; paths are relative to the project."""
        self._paths.update(paths)

    def taken(self) -> tuple[str, ...]:
        """What mix must be told of now; told once."""
        if self._worktree is not None:
            self._paths.update(self._worktree.in_project(self._worktree.changed()))
            self._worktree = None
        paths = tuple(sorted(self._paths))
        self._paths.clear()
        return paths
