"""What moved branches mean for pull requests."""

from __future__ import annotations

from collections.abc import Sequence

from bot.simulator.domain.issues.issues import close_issue
from bot.simulator.domain.issues.timeline import note, touch
from bot.simulator.domain.pulls.events import tell_pull
from bot.simulator.domain.pulls.merged import settle_merge
from bot.simulator.domain.pulls.outdating import follow_lines
from bot.simulator.domain.pulls.review_states import dismiss_stale
from bot.simulator.domain.pulls.states import is_open, issue_of
from bot.simulator.domain.repositories.branch_rules import rules_for
from bot.simulator.domain.repositories.comparing import (
    compare,
    forget_comparison,
    keep_refs,
    note_comparison,
)
from bot.simulator.git import BareRepository, RefChange
from bot.simulator.identity.caller import Caller
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

HEADS = "refs/heads/"


async def head_moved(
    world: World, caller: Caller, repository: Repository, changes: Sequence[RefChange]
) -> None:
    """To be called after any change of refs, in `writing()` of the repository.

    Pull requests into a moved branch come first: one that was merged by it is not closed by the
    deletion of its head in the same push.
    """
    branches = [change for change in changes if change.name.startswith(HEADS)]
    for change in branches:
        await _base_moved(world, caller, repository, change)
    for change in branches:
        name = change.name.removeprefix(HEADS)
        for pull in world.tables.pulls.where("head", (repository.id, name)):
            await _head_moved(world, caller, repository, pull, change)


async def _base_moved(
    world: World, caller: Caller, repository: Repository, change: RefChange
) -> None:
    git = world.git(repository)
    name = change.name.removeprefix(HEADS)
    into = [
        pull
        for pull in world.tables.pulls.where("base", (repository.id, name))
        if is_open(world, pull) or (change.new is not None and pull.merging_sha == change.new)
    ]
    fresh: set[str] = set()
    if into and change.old is not None and change.new is not None:
        fresh = set(await git.shas_between(change.old, change.new))
    for pull in into:
        if change.new is None:
            note(world, issue_of(world, pull), "base_ref_deleted", caller)
            close_issue(world, caller, repository, issue_of(world, pull))
        elif pull.merging_sha in fresh:
            settle_merge(world, caller, repository, pull, pull.merging_sha)
        elif pull.head_sha in fresh:
            sha = await _merging_commit(git, pull.head_sha, change)
            settle_merge(world, caller, repository, pull, sha)
        else:
            forget_comparison(world, pull)


async def _merging_commit(git: BareRepository, head: str, change: RefChange) -> str:
    """The commit by which head came into the base; itself where it was fast-forwarded to."""
    if change.old is None or change.new is None:
        return head
    for commit in await git.commits(await git.shas_between(change.old, change.new)):
        if head in commit.parents[1:]:
            return commit.sha
    return head


async def _head_moved(
    world: World, caller: Caller, source: Repository, pull: PullRequest, change: RefChange
) -> None:
    repository = world.tables.repositories[pull.repository_id]
    if change.new is None:
        if pull.head_sha == change.old:
            note(world, issue_of(world, pull), "head_ref_deleted", caller)
        close_issue(world, caller, repository, issue_of(world, pull))
        return
    if change.old is None and not is_open(world, pull):
        if pull.head_sha == change.new:
            note(world, issue_of(world, pull), "head_ref_restored", caller)
        return
    if not is_open(world, pull) or pull.head_sha == change.new:
        return
    if source.id == repository.id:
        await _synchronize(world, caller, repository, pull, source, change.new)
    else:
        # Not while the source is locked: two pushes could wait for each other's repository.
        world.spawn(follow_fork(world, caller, pull))


async def follow_fork(world: World, caller: Caller, pull: PullRequest) -> None:
    """Brings a pull request from another repository to where its head is by now."""
    repository = world.tables.repositories.get(pull.repository_id)
    if repository is None:
        return
    async with world.git(repository).writing():
        source = world.tables.repositories.get(pull.head_repository_id)
        tip = None if source is None else world.git(source).ref(HEADS + pull.head_ref)
        if source is None or tip is None or tip == pull.head_sha or not is_open(world, pull):
            return
        await _synchronize(world, caller, repository, pull, source, tip)
    world.commit()


async def _synchronize(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    source: Repository,
    after: str,
) -> None:
    git = world.git(repository)
    base = git.ref(f"{HEADS}{pull.base_ref}")
    if base is None:
        return
    await git.bring(world.git(source), after)
    found = await compare(git, base, after)
    before = pull.head_sha
    forced = not await git.is_ancestor(before, after)
    moved = await follow_lines(world, git, pull, found)
    await keep_refs(git, pull.number, found)
    if not is_open(world, pull):
        return
    pull.base_sha = base
    note_comparison(world, pull, found)
    moved.apply(world)
    issue = issue_of(world, pull)
    touch(world, issue)
    if forced:
        note(world, issue, "head_ref_force_pushed", caller, commit_id=after)
    tell_pull(world, "synchronize", caller, repository, pull, before=before, after=after)
    if any(rules.dismiss_stale_reviews for rules in rules_for(world, repository, pull.base_ref)):
        dismiss_stale(world, caller, repository, pull)
    if found.commits == 0:
        close_issue(world, caller, repository, issue)
