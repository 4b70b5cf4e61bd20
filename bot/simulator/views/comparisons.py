"""Comparisons of two commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.simulator.git import Commit, FileChange
from bot.simulator.records.repositories import Repository
from bot.simulator.views.commits import commit_view, file_change_view
from bot.simulator.world import World


@dataclass(frozen=True)
class Compared:
    """`commits` and `files` are the page that was asked for."""

    basehead: str
    base: Commit
    head: Commit
    start: Commit
    """Where head left base."""
    ahead: int
    behind: int
    commits: Sequence[Commit]
    files: Sequence[FileChange]

    @property
    def status(self) -> str:
        if self.ahead and self.behind:
            return "diverged"
        if self.ahead or self.behind:
            return "ahead" if self.ahead else "behind"
        return "identical"


def comparison_view(world: World, repository: Repository, found: Compared) -> dict[str, Any]:
    full_name = world.full_name(repository)
    owner = world.owner(repository).login
    page = world.urls.page(full_name, "compare")
    shas = f"{owner}:{found.base.sha[:7]}...{owner}:{found.head.sha[:7]}"
    named = quote(found.basehead, safe="/:")
    return {
        "url": f"{world.urls.repository(full_name)}/compare/{named}",
        "html_url": f"{page}/{named}",
        "permalink_url": f"{page}/{shas}",
        "diff_url": f"{page}/{named}.diff",
        "patch_url": f"{page}/{named}.patch",
        "base_commit": commit_view(world, repository, found.base),
        "merge_base_commit": commit_view(world, repository, found.start),
        "status": found.status,
        "ahead_by": found.ahead,
        "behind_by": found.behind,
        "total_commits": found.ahead,
        "commits": [commit_view(world, repository, commit) for commit in found.commits],
        "files": [file_change_view(world, repository, found.head.sha, c) for c in found.files],
    }
