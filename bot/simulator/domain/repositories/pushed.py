"""What git says about a moved ref."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.simulator.git import (
    BareRepository,
    Commit,
    PathChanges,
    RefChange,
    UnknownObject,
    path_changes,
    shas_beyond,
)

HEADS, TAGS = "refs/heads/", "refs/tags/"
MOST_COMMITS = 2048


@dataclass(frozen=True)
class Push:
    """One moved ref with what git says about it."""

    change: RefChange
    forced: bool
    base: str | None
    """Another branch that stands where a new ref was made."""
    commits: tuple[Commit, ...]
    distinct: frozenset[str]
    paths: dict[str, PathChanges]
    head: Commit | None

    @property
    def kind(self) -> Literal["branch", "tag"]:
        return "branch" if self.change.name.startswith(HEADS) else "tag"


async def look_at(git: BareRepository, change: RefChange, changes: Sequence[RefChange]) -> Push:
    head = await _commit_of(git, change.new)
    if head is None or not change.name.startswith(HEADS):
        return Push(change, await _is_forced(git, change, head), None, (), frozenset(), {}, head)
    others = _branches_before(git, changes) - {change.old}
    fresh = await shas_beyond(git, head.sha, [sha for sha in others if sha])
    shas = fresh
    if change.old is not None:
        shas = [head.sha] if _is_one_step(change, head) else await _between(git, change.old, head)
    commits = await git.commits(shas[-MOST_COMMITS:])
    paths = await path_changes(git, commits)
    return Push(
        change,
        await _is_forced(git, change, head),
        _base(git, change),
        tuple(commits),
        frozenset(fresh),
        paths,
        head,
    )


def _branches_before(git: BareRepository, changes: Sequence[RefChange]) -> set[str | None]:
    """Where the branches stood before these changes."""
    moved = {change.name: change.old for change in changes}
    now = {HEADS + name: sha for name, sha in git.branches().items()}
    return {sha for name, sha in (now | moved).items() if name.startswith(HEADS)}


def _base(git: BareRepository, change: RefChange) -> str | None:
    if change.old is not None:
        return None
    names = (n for n, sha in git.branches().items() if sha == change.new)
    others = [HEADS + name for name in names if HEADS + name != change.name]
    default = HEADS + git.default_branch
    return default if default in others else next(iter(others), None)


async def _commit_of(git: BareRepository, sha: str | None) -> Commit | None:
    """Also the one that a tag is of; None for a ref that is gone or at no commit."""
    try:
        return None if sha is None else await git.commit(await git.resolve(sha))
    except UnknownObject:
        return None


async def _between(git: BareRepository, old: str, head: Commit) -> list[str]:
    before = await _commit_of(git, old)
    return [] if before is None else await git.shas_between(before.sha, head.sha)


def _is_one_step(change: RefChange, head: Commit) -> bool:
    return head.parents == (change.old,)


async def _is_forced(git: BareRepository, change: RefChange, head: Commit | None) -> bool:
    if change.old is None or change.new is None:
        return False
    if head is not None and _is_one_step(change, head):
        return False
    old = await _commit_of(git, change.old)
    return old is None or head is None or not await git.is_ancestor(old.sha, head.sha)
