"""Assigning people to issues."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.simulator.domain.issues.events import tell_issue
from bot.simulator.domain.issues.timeline import note, touch
from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import role_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.views.accounts import account_view
from bot.simulator.world import World

MAX_ASSIGNEES = 10


def assignable(
    world: World, repository: Repository, login: str, issue: Issue | None = None
) -> Account | None:
    """The person of that login if they have a role here, or wrote in this issue."""
    account = world.tables.accounts.one("login", login.lower())
    if account is None or account.type != "User":
        return None
    if role_of(world.tables, account.id, repository) is not None:
        return account
    if issue is not None:
        comments = world.tables.comments.where("issue", issue.id)
        if account.id in {issue.author_id, *(comment.author_id for comment in comments)}:
            return account
    return None


def assignees_named(
    world: World, repository: Repository, logins: Sequence[str], issue: Issue | None = None
) -> list[Account]:
    """Each once.

    Raises:
        ApiError: 422 naming those who cannot be assigned, or for too many.
    """
    found = {login: assignable(world, repository, login, issue) for login in logins}
    if refused := [login for login, account in found.items() if account is None]:
        raise _refusal(f"assignees {', '.join(refused)} cannot be assigned to this issue", refused)
    people = list({a.id: a for a in found.values() if a is not None}.values())
    if len(people) > MAX_ASSIGNEES:
        raise _refusal(f"assignees are limited to {MAX_ASSIGNEES}", list(logins))
    return people


def _refusal(message: str, logins: list[str]) -> ApiError:
    error = {"resource": "Issue", "field": "assignees", "code": "invalid"}
    return ApiError(422, "Validation Failed", [{"value": logins, **error, "message": message}])


def set_assignees(
    world: World, caller: Caller, repository: Repository, issue: Issue, people: Sequence[Account]
) -> None:
    """Makes `people` the assignees; the caller may."""
    wanted = [person.id for person in people]
    gone = [id for id in issue.assignee_ids if id not in wanted]
    unassign(world, caller, repository, issue, [world.tables.accounts[id] for id in gone])
    assign(world, caller, repository, issue, people)


def assign(
    world: World, caller: Caller, repository: Repository, issue: Issue, people: Iterable[Account]
) -> None:
    for person in people:
        if person.id not in issue.assignee_ids and len(issue.assignee_ids) < MAX_ASSIGNEES:
            issue.assignee_ids.append(person.id)
            note_assignee(world, caller, repository, issue, person, "assigned")


def unassign(
    world: World, caller: Caller, repository: Repository, issue: Issue, people: Iterable[Account]
) -> None:
    for person in people:
        if person.id in issue.assignee_ids:
            issue.assignee_ids.remove(person.id)
            note_assignee(world, caller, repository, issue, person, "unassigned")


def note_assignee(
    world: World,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    person: Account,
    event: str,
) -> None:
    """Of one who was just assigned or unassigned."""
    assert caller.actor is not None
    touch(world, issue)
    note(world, issue, event, caller, assignee=person.id, assigner=caller.actor.id)
    shown = account_view(world, person)
    tell_issue(world, event, caller, repository, issue, assignee=shown)
