"""Changing refs other than by a push: the rules of the branch first, then git, then the news."""

from __future__ import annotations

from collections.abc import Sequence

from bot.simulator.domain.repositories.protections import push_policy
from bot.simulator.domain.repositories.pushed import HEADS
from bot.simulator.domain.repositories.pushes import refs_changed
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError, not_accessible
from bot.simulator.git import (
    EMPTY_TREE,
    NULL_SHA,
    BareRepository,
    RefChange,
    RefExists,
    RefMissing,
    RefMoved,
    RefRefused,
    RepositoryError,
    UnknownObject,
)
from bot.simulator.git.rulings import Command, Ruling, rulings
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import may_write_workflows
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

WORKFLOWS = ".github/workflows/"


class RuleBroken(ApiError):
    """A rule of the branch forbids the change."""


async def change_refs(
    world: World,
    caller: Caller,
    repository: Repository,
    changes: Sequence[RefChange],
    *,
    ruled: bool = True,
) -> None:
    """All of the changes or none, with their events.

    `ruled=False` is for merges, which have been held to the rules of pull requests already.

    Raises:
        ApiError: 404 for a repository that is gone, 409 for a broken rule, 422 for what git does
            not take.
        RefMoved: a ref is not where the change expects it.
    """
    git = world.git(repository)
    async with writing(world, repository):
        if ruled:
            await check_rules(world, caller, repository, changes)
        try:
            await git.update_refs(changes)
        except RefMoved:
            raise
        except RepositoryError as error:
            raise refusal_of(error) from error
        await refs_changed(world, caller, repository, changes)


def refusal_of(error: RepositoryError) -> ApiError:
    """In the words of the Git data API."""
    match error:
        case RefExists():
            return ApiError(422, "Reference already exists")
        case RefMissing():
            return ApiError(422, "Reference does not exist")
        case RefMoved() | RefRefused():
            return ApiError(422, "Reference update failed")
        case UnknownObject():
            return ApiError(422, "Object does not exist")
    return ApiError(422, str(error)[:300])


async def check_rules(
    world: World, caller: Caller, repository: Repository, changes: Sequence[RefChange]
) -> None:
    """Raises:
    RuleBroken: in GitHub's words, naming every rule that a change breaks.
    ApiError: for a ref that nobody may change so, and for workflows without the permission.
    """
    git = world.git(repository)
    policy = push_policy(world, caller, repository)
    for change in changes:
        _check_name(git, change)
        command = Command(change.name, change.old or NULL_SHA, change.new or NULL_SHA)
        broken = [r for r in rulings(policy, [command]) if await _holds(git, r, change)]
        if broken:
            raise _violation(broken)
        if not may_write_workflows(caller, repository):
            await _check_workflows(git, change)


def _check_name(git: BareRepository, change: RefChange) -> None:
    if change.name.startswith("refs/pull/"):
        raise ApiError(422, "Reference update failed")
    if change.new is None and change.name == HEADS + git.default_branch:
        raise ApiError(422, "Cannot delete the default branch")


async def _holds(git: BareRepository, ruling: Ruling, change: RefChange) -> bool:
    match ruling.condition:
        case "always":
            return True
        case "forced":
            return await is_forced(git, change)
        case "merges":
            return await _brings_merges(git, change)
        case "workflows":
            return False


async def is_forced(git: BareRepository, change: RefChange) -> bool:
    """Whether commits would be lost from the ref; True also where it is at no commit."""
    if change.old is None or change.new is None:
        return False
    try:
        old, new = await git.resolve(change.old), await git.resolve(change.new)
    except UnknownObject:
        return change.old != change.new
    return not await git.is_ancestor(old, new)


async def _brings_merges(git: BareRepository, change: RefChange) -> bool:
    if change.old is None or change.new is None:
        return False
    commits = await git.commits(await git.shas_between(change.old, change.new))
    return any(len(commit.parents) > 1 for commit in commits)


async def _check_workflows(git: BareRepository, change: RefChange) -> None:
    """What the ref gains, or a new one has beyond the default branch, must leave them alone."""
    if change.new is None:
        return
    base = change.old or git.ref(HEADS + git.default_branch)
    try:
        old, new = await git.resolve(base or change.new), await git.resolve(change.new)
    except UnknownObject:
        return
    start = await git.merge_base(old, new) or EMPTY_TREE
    if await changes_workflows(git, start if base else EMPTY_TREE, new):
        raise not_accessible()


async def changes_workflows(git: BareRepository, old: str, new: str) -> bool:
    """Whether two commits or trees differ in them, however many other files there are."""
    return await _workflows_of(git, old) != await _workflows_of(git, new)


async def _workflows_of(git: BareRepository, sha: str) -> str | None:
    """What stands for the whole folder; None where there is none."""
    try:
        return (await git.entry_at(sha, WORKFLOWS.rstrip("/"))).sha
    except UnknownObject:
        return None


def is_workflow(path: str) -> bool:
    return path.startswith(WORKFLOWS)


def _violation(broken: Sequence[Ruling]) -> RuleBroken:
    """Rulesets answer as such; classic protection with the sentence alone."""
    if any(ruling.heading.startswith("GH013") for ruling in broken):
        sentences = "\n\n".join(ruling.message for ruling in broken)
        return RuleBroken(409, f"Repository rule violations found\n\n{sentences}\n\n")
    return RuleBroken(422, broken[0].message)
