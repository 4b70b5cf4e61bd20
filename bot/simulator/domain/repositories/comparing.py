"""What depends on both tips of a pull request: commits, sizes, whether it can be merged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.simulator.git import (
    EMPTY_TREE,
    BareRepository,
    Merged,
    Person,
    RefChange,
    RefMoved,
    merge_commit,
    try_merge,
)
from bot.simulator.records.pulls import PullRequest
from bot.simulator.world import World

MOST_FILES = 3000
TRIES = 3


@dataclass(frozen=True)
class Comparison:
    """What head would bring to base. `start` is where it left it."""

    base: str
    head: str
    start: str | None
    commits: int
    behind: int
    additions: int
    deletions: int
    changed_files: int
    merge_sha: str | None
    """The commit of a trial merge; None for conflicts."""


async def compare(git: BareRepository, base: str, head: str) -> Comparison:
    start = await git.merge_base(base, head)
    shas = await git.shas_between(base, head)
    behind = 0 if start == base else len(await git.shas_between(head, base))
    files = await git.changes(start or EMPTY_TREE, head, limit=MOST_FILES)
    return Comparison(
        base,
        head,
        start,
        commits=len(shas),
        behind=behind,
        additions=sum(file.additions for file in files),
        deletions=sum(file.deletions for file in files),
        changed_files=len(files),
        merge_sha=await _trial_merge(git, base, head),
    )


async def _trial_merge(git: BareRepository, base: str, head: str) -> str | None:
    """Made of nothing but the two commits, so that it is the same however often it is made."""
    if not isinstance(await try_merge(git, base, head), Merged):
        return None
    author = github_at((await git.commit(head)).committer.when)
    message = f"Merge {head} into {base}"
    return await merge_commit(git, base, head, author=author, committer=author, message=message)


def github_at(when: datetime) -> Person:
    """Who commits what GitHub makes for somebody."""
    return Person("GitHub", "noreply@github.com", when)


def note_comparison(world: World, pull: PullRequest, found: Comparison) -> None:
    pull.head_sha = found.head
    pull.compared_sha = found.base
    pull.start_sha = found.start
    pull.commits = found.commits
    pull.behind = found.behind
    pull.additions = found.additions
    pull.deletions = found.deletions
    pull.changed_files = found.changed_files
    pull.mergeable = found.merge_sha is not None
    pull.merge_commit_sha = found.merge_sha
    world.tables.pulls.save(pull)


async def refresh(world: World, pull: PullRequest) -> None:
    """Brings an open pull request up to date with its base; costs nothing when it is.

    A push that comes in between makes it begin anew, and a base that never rests leaves it
    unknown.
    """
    git = world.git(world.tables.repositories[pull.repository_id])
    for _ in range(TRIES):
        base = git.ref(f"refs/heads/{pull.base_ref}")
        if not _is_open(world, pull) or base is None:
            return
        if pull.compared_sha == base and pull.mergeable is not None:
            return
        found = await compare(git, base, pull.head_sha)
        if not _is_open(world, pull):
            return
        same_base = git.ref(f"refs/heads/{pull.base_ref}") == base
        if same_base and pull.head_sha == found.head:
            note_comparison(world, pull, found)
            await keep_refs(git, pull.number, found)
            return


def forget_comparison(world: World, pull: PullRequest) -> None:
    """For when the base has moved: the figures stay, whether it merges is unknown again."""
    pull.mergeable = None
    world.tables.pulls.save(pull)


async def keep_refs(git: BareRepository, number: int, found: Comparison) -> None:
    """refs/pull/N/head and, unless there are conflicts, refs/pull/N/merge."""
    await move_ref(git, f"refs/pull/{number}/head", found.head)
    if found.merge_sha is not None:
        await move_ref(git, f"refs/pull/{number}/merge", found.merge_sha)


async def move_ref(git: BareRepository, name: str, sha: str) -> None:
    """Whoever moved it meanwhile knew better."""
    old = git.ref(name)
    if old != sha:
        try:
            await git.update_refs([RefChange(name, old, sha)])
        except RefMoved:
            return


def _is_open(world: World, pull: PullRequest) -> bool:
    return world.tables.issues[pull.issue_id].state == "open"
