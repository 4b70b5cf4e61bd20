"""Merging pull requests and bringing their branches up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.simulator.domain.pulls.merge_messages import Message, merge_message, squash_message
from bot.simulator.domain.pulls.merge_state import merge_blockers
from bot.simulator.domain.pulls.states import is_open
from bot.simulator.domain.repositories.comparing import github_at, refresh
from bot.simulator.domain.repositories.refs import change_refs, changes_workflows
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError, not_accessible
from bot.simulator.git import (
    EMPTY_TREE,
    BareRepository,
    Commit,
    MergeConflict,
    ObjectInvalid,
    Person,
    RefChange,
    RefMoved,
    merge_commit,
    rebase_commits,
    squash_commit,
)
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.emails import person_of
from bot.simulator.identity.rights import can, may_write_workflows
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

Method = Literal["merge", "squash", "rebase"]

NOT_MERGEABLE = "Pull Request is not mergeable"
HEAD_MOVED = "Head branch was modified. Review and try the merge again."
BASE_MOVED = "Base branch was modified. Review and try the merge again."
STALE_HEAD = "expected head sha didn\u2019t match current head ref."
CONFLICT = "merge conflict between base and head"


@dataclass(frozen=True)
class Wish:
    """How to merge; `sha` is the head that was looked at. A text of None is GitHub's own."""

    method: Method = "merge"
    title: str | None = None
    message: str | None = None
    sha: str | None = None


async def merge_pull(
    world: World, caller: Caller, repository: Repository, pull: PullRequest, wish: Wish
) -> str:
    """Merges and returns the new tip of the base; what follows, follows from its move.

    Raises ApiError: 405 for what may not be merged (so), 409 for another head than `wish.sha`.
    """
    git = world.git(repository)
    async with writing(world, repository):
        await refresh(world, pull)
        _check(world, caller, repository, pull, wish)
        await _check_workflows(world, caller, repository, pull)
        base_ref = f"refs/heads/{pull.base_ref}"
        base = git.ref(base_ref)
        if base is None:
            raise ApiError(405, NOT_MERGEABLE)
        try:
            tip = await _make(world, caller, repository, pull, wish, base)
            # Meanwhile it could have been closed or made a draft.
            _check(world, caller, repository, pull, wish)
            if tip == base:
                raise ApiError(405, NOT_MERGEABLE)
            _announce(world, pull, tip)
            change = RefChange(base_ref, base, tip)
            await change_refs(world, caller, repository, [change], ruled=False)
        except (MergeConflict, ObjectInvalid) as error:
            raise ApiError(405, NOT_MERGEABLE) from error
        except RefMoved as error:
            raise ApiError(405, BASE_MOVED) from error
    if repository.delete_branch_on_merge:
        await delete_head(world, caller, pull)
    return tip


def _announce(world: World, pull: PullRequest, tip: str) -> None:
    pull.merging_sha = tip
    world.tables.pulls.save(pull)
    world.commit()


def _check(
    world: World, caller: Caller, repository: Repository, pull: PullRequest, wish: Wish
) -> None:
    allowed = {
        "merge": (repository.allow_merge_commit, "Merge commits"),
        "squash": (repository.allow_squash_merge, "Squash merges"),
        "rebase": (repository.allow_rebase_merge, "Rebase merges"),
    }
    is_allowed, name = allowed[wish.method]
    if not is_allowed:
        raise ApiError(405, f"{name} are not allowed on this repository.")
    if not is_open(world, pull):
        raise ApiError(405, NOT_MERGEABLE)
    if wish.sha is not None and wish.sha != pull.head_sha:
        raise ApiError(409, HEAD_MOVED)
    if pull.draft:
        raise ApiError(405, "Pull Request is still a draft")
    if not pull.mergeable:
        raise ApiError(405, NOT_MERGEABLE)
    blockers = merge_blockers(world, pull, caller, wish.method)
    if blockers:
        raise ApiError(405, "\n\n".join(blockers))


async def _check_workflows(
    world: World, caller: Caller, repository: Repository, pull: PullRequest
) -> None:
    """An App needs a permission of its own to bring changed workflows into a branch."""
    if may_write_workflows(caller, repository):
        return
    start = pull.start_sha or EMPTY_TREE
    if await changes_workflows(world.git(repository), start, pull.head_sha):
        raise not_accessible()


async def _make(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    wish: Wish,
    base: str,
) -> str:
    """The commits of the merge; returns the tip."""
    assert caller.actor is not None
    git = world.git(repository)
    person = person_of(caller.actor, world.clock.now())
    head = pull.head_sha
    if wish.method == "rebase":
        return await rebase_commits(git, base, head, committer=person)
    if wish.method == "squash":
        commits = await git.commits_between(base, head, limit=1000)
        message = _worded(squash_message(world, pull, commits), wish)
        author = _author_of(commits, person)
        return await squash_commit(
            git, base, head, author=author, committer=github_at(person.when), message=message
        )
    message = _worded(merge_message(world, pull), wish)
    return await merge_commit(
        git, base, head, author=person, committer=github_at(person.when), message=message
    )


def _author_of(commits: Sequence[Commit], merger: Person) -> Person:
    """The squashed work is its author's, if it is one author's."""
    people = {(commit.author.name, commit.author.email) for commit in commits}
    return Person(*people.pop(), merger.when) if len(people) == 1 else merger


def _worded(own: Message, wish: Wish) -> str:
    title = own.title if wish.title is None else wish.title
    return Message(title, own.body if wish.message is None else wish.message).text


async def delete_head(world: World, caller: Caller, pull: PullRequest) -> None:
    """For repositories that want merged branches gone; a protected one stays."""
    source = world.tables.repositories.get(pull.head_repository_id)
    if source is None or pull.head_ref == source.default_branch:
        return
    name = f"refs/heads/{pull.head_ref}"
    if not can(world.tables, caller, source, "contents", "write", "write"):
        return
    try:
        await change_refs(world, caller, source, [RefChange(name, pull.head_sha, None)])
    except (ApiError, RefMoved):
        return


async def update_branch(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    expected: str | None,
) -> None:
    """Merges the base into the head. Raises ApiError, 422."""
    if not is_open(world, pull):
        raise ApiError(422, "Cannot update the branch of a closed pull request.")
    if expected is not None and expected != pull.head_sha:
        raise ApiError(422, STALE_HEAD)
    source = world.tables.repositories.get(pull.head_repository_id)
    base = world.git(repository).ref(f"refs/heads/{pull.base_ref}")
    if source is None or base is None:
        raise ApiError(422, "The head or base of this pull request is gone.")
    git = world.git(source)
    async with writing(world, source):
        ref = f"refs/heads/{pull.head_ref}"
        head = git.ref(ref)
        if head is None or (expected or head) != head:
            raise ApiError(422, STALE_HEAD)
        await git.bring(world.git(repository), base)
        if await git.is_ancestor(base, head):
            raise ApiError(422, "There are no new commits on the base branch.")
        tip = await _updated(world, caller, pull, git, base, head)
        await change_refs(world, caller, source, [RefChange(ref, head, tip)])


async def _updated(
    world: World, caller: Caller, pull: PullRequest, git: BareRepository, base: str, head: str
) -> str:
    assert caller.actor is not None
    person = person_of(caller.actor, world.clock.now())
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}\n"
    try:
        return await merge_commit(
            git, head, base, author=person, committer=github_at(person.when), message=message
        )
    except MergeConflict as error:
        raise ApiError(422, CONFLICT) from error
