"""Reopening pull requests, and whether they are drafts. Closing is as with any issue."""

from __future__ import annotations

from bot.simulator.domain.issues.issues import reopen_issue
from bot.simulator.domain.issues.timeline import note, touch
from bot.simulator.domain.pulls.events import tell_pull
from bot.simulator.domain.pulls.outdating import follow_lines
from bot.simulator.domain.pulls.pulls import open_between, refuse_drafts
from bot.simulator.domain.repositories.comparing import compare, keep_refs, note_comparison
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def issue_of(world: World, pull: PullRequest) -> Issue:
    return world.tables.issues[pull.issue_id]


def is_open(world: World, pull: PullRequest) -> bool:
    return issue_of(world, pull).state == "open"


async def reopen_pull(
    world: World, caller: Caller, repository: Repository, pull: PullRequest
) -> None:
    """Does nothing to one that is open. Raises ApiError, 422, where there is no way back."""
    if is_open(world, pull):
        return
    if pull.merged:
        raise _unchangeable("The pull request cannot be reopened.")
    source = world.tables.repositories.get(pull.head_repository_id)
    if source is None:
        raise _unchangeable("The repository that submitted this pull request has been deleted.")
    async with writing(world, source, repository):
        base, head = await _tips(world, repository, source, pull)
        git = world.git(repository)
        found = await compare(git, base, head)
        if found.commits == 0:
            raise _unchangeable(f"There are no new commits on the {_label(world, source, pull)}.")
        moves = await follow_lines(world, git, pull, found)
        await keep_refs(git, pull.number, found)
        pull.base_sha = base
        note_comparison(world, pull, found)
        moves.apply(world)
        reopen_issue(world, caller, repository, issue_of(world, pull))


async def _tips(
    world: World, repository: Repository, source: Repository, pull: PullRequest
) -> tuple[str, str]:
    """Base and head as they are now, if the pull request may go on from them."""
    git = world.git(repository)
    base = git.ref(f"refs/heads/{pull.base_ref}")
    head = world.git(source).ref(f"refs/heads/{pull.head_ref}")
    if base is None:
        raise _unchangeable(f"The {pull.base_ref} branch has been deleted.")
    if head is None:
        raise _unchangeable(f"The {pull.head_ref} branch has been deleted.")
    if open_between(world, repository, source, pull.head_ref, pull.base_ref) is not None:
        label = _label(world, source, pull).removesuffix(" branch")
        raise _unchangeable(f"A pull request already exists for {label}.")
    await git.bring(world.git(source), head)
    if not await git.is_ancestor(pull.head_sha, head):
        raise _unchangeable(f"The {pull.head_ref} branch was force-pushed or recreated.")
    return base, head


def _label(world: World, source: Repository, pull: PullRequest) -> str:
    return f"{world.owner(source).login}:{pull.head_ref} branch"


def _unchangeable(reason: str) -> ApiError:
    error = {
        "resource": "PullRequest",
        "code": "custom",
        "field": "state",
        "message": f"state cannot be changed. {reason}",
    }
    return ApiError(422, "Validation Failed", [error])


def set_draft(
    world: World, caller: Caller, repository: Repository, pull: PullRequest, draft: bool
) -> None:
    """Does nothing where it is so already. Only GraphQL can. Raises ApiError 422."""
    if pull.draft == draft:
        return
    if draft:
        refuse_drafts(world, repository)
    pull.draft = draft
    world.tables.pulls.save(pull)
    issue = issue_of(world, pull)
    touch(world, issue)
    note(world, issue, "convert_to_draft" if draft else "ready_for_review", caller)
    action = "converted_to_draft" if draft else "ready_for_review"
    tell_pull(world, action, caller, repository, pull)
