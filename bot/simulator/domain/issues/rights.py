"""Who may do what to issues. On a pull request, an App's `pull_requests` serves as `issues`."""

from __future__ import annotations

from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import can, require
from bot.simulator.records.accounts import Level
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository, Role
from bot.simulator.world import World


def may_write(
    world: World, caller: Caller, repository: Repository, role: Role, issue: Issue | None = None
) -> bool:
    """Whether an App has `issues:write`, or a person the role."""
    return any(
        can(world.tables, caller, repository, name, "write", role)
        for name in permissions_for(issue)
    )


def require_write(
    world: World, caller: Caller, repository: Repository, role: Role, issue: Issue | None = None
) -> None:
    """Raises:
    ApiError: 401 for nobody, 403 for who may not, and for a write to an archive.
    """
    require_issue(world, caller, repository, "write", role, issue)


def require_read(
    world: World, caller: Caller, repository: Repository, issue: Issue | None = None
) -> None:
    require_issue(world, caller, repository, "read", "read", issue)


def require_issue(
    world: World,
    caller: Caller,
    repository: Repository,
    level: Level,
    role: Role,
    issue: Issue | None,
) -> None:
    fitting = [
        name
        for name in permissions_for(issue)
        if can(world.tables, caller, repository, name, level, role)
    ]
    name = fitting[0] if fitting else "issues"
    require(world.tables, caller, repository, name, level, role)


def permissions_for(issue: Issue | None) -> tuple[str, ...]:
    is_pull = issue is not None and issue.pull_id is not None
    return ("issues", "pull_requests") if is_pull else ("issues",)


def require_unlocked(world: World, caller: Caller, repository: Repository, issue: Issue) -> None:
    """Only people with write access speak in a locked conversation; no App does.

    Raises:
        ApiError: 403.
    """
    if issue.locked and (caller.is_bot or not may_write(world, caller, repository, "write", issue)):
        raise ApiError(
            403,
            "Unable to create comment because issue is locked.",
            documentation="https://docs.github.com/articles/locking-conversations/",
        )


def is_author(caller: Caller, author_id: int) -> bool:
    return caller.actor is not None and caller.actor.id == author_id
