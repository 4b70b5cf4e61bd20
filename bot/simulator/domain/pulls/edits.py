"""Changing the base of a pull request and who is asked to review it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.simulator.domain.issues.timeline import note, touch
from bot.simulator.domain.pulls.events import tell_pull
from bot.simulator.domain.pulls.pulls import custom, open_between
from bot.simulator.domain.pulls.states import is_open, issue_of
from bot.simulator.domain.repositories.comparing import compare, keep_refs, note_comparison
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError, invalid
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import role_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.views.accounts import account_view
from bot.simulator.world import World

MOST_REVIEWERS = 15


async def retarget(
    world: World, caller: Caller, repository: Repository, pull: PullRequest, base: str
) -> None:
    """Gives an open pull request another base. Raises ApiError, 422."""
    if base == pull.base_ref:
        return
    if not is_open(world, pull):
        raise custom("Cannot change the base branch of a closed pull request.")
    git = world.git(repository)
    async with writing(world, repository):
        sha = git.ref(f"refs/heads/{base}")
        if sha is None:
            raise invalid("PullRequest", "base")
        source = world.tables.repositories.get(pull.head_repository_id)
        if source and open_between(world, repository, source, pull.head_ref, base):
            raise custom(
                f"A pull request already exists for base branch '{base}'"
                f" and head branch '{pull.head_ref}'"
            )
        found = await compare(git, sha, pull.head_sha)
        if found.commits == 0:
            raise custom(
                f"There are no new commits between base branch '{base}'"
                f" and head branch '{pull.head_ref}'"
            )
        await keep_refs(git, pull.number, found)
        if not is_open(world, pull):
            raise custom("Cannot change the base branch of a closed pull request.")
        changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
        pull.base_ref, pull.base_sha = base, sha
        note_comparison(world, pull, found)
        touch(world, issue_of(world, pull))
        note(world, issue_of(world, pull), "base_ref_changed", caller)
        tell_pull(world, "edited", caller, repository, pull, changes=changes)


def request_reviewers(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    logins: Sequence[str],
) -> None:
    """Raises ApiError, 422, if one of them cannot be asked; then nobody is."""
    people = [_reviewer(world, repository, pull, login) for login in dict.fromkeys(logins)]
    fresh = [person for person in people if person.id not in pull.requested_reviewer_ids]
    if len(pull.requested_reviewer_ids) + len(fresh) > MOST_REVIEWERS:
        raise ApiError(422, f"A pull request has at most {MOST_REVIEWERS} requested reviewers.")
    for person in fresh:
        pull.requested_reviewer_ids.append(person.id)
        _reviewer_changed(world, caller, repository, pull, person, "review_requested")


def unrequest_reviewers(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    logins: Sequence[str],
) -> None:
    """Those who were not asked are passed over."""
    for login in logins:
        person = world.tables.accounts.one("login", login.lower())
        if person is not None and person.id in pull.requested_reviewer_ids:
            pull.requested_reviewer_ids.remove(person.id)
            _reviewer_changed(world, caller, repository, pull, person, "review_request_removed")


def _reviewer(world: World, repository: Repository, pull: PullRequest, login: str) -> Account:
    person = world.tables.accounts.one("login", login.lower())
    if person is not None and person.id == issue_of(world, pull).author_id:
        raise ApiError(422, "Review cannot be requested from pull request author.")
    is_person = person is not None and person.type == "User"
    if person is None or not is_person or role_of(world.tables, person.id, repository) is None:
        raise ApiError(
            422,
            "Reviews may only be requested from collaborators. One or more of the users or teams"
            " you specified is not a collaborator of the"
            f" {world.full_name(repository)} repository.",
        )
    return person


def _reviewer_changed(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    person: Account,
    action: str,
) -> None:
    assert caller.actor is not None
    world.tables.pulls.save(pull)
    issue = issue_of(world, pull)
    touch(world, issue)
    note(
        world,
        issue,
        action,
        caller,
        requested_reviewer=person.id,
        review_requester=caller.actor.id,
    )
    shown = account_view(world, person)
    tell_pull(world, action, caller, repository, pull, requested_reviewer=shown)
