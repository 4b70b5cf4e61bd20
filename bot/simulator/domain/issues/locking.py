"""Locking conversations, so that only people with write access go on."""

from __future__ import annotations

from bot.simulator.domain.issues.events import tell_issue
from bot.simulator.domain.issues.rights import require_write
from bot.simulator.domain.issues.timeline import note, touch
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


def lock_issue(
    world: World, caller: Caller, repository: Repository, issue: Issue, reason: str | None
) -> None:
    """Raises:
    ApiError: 401 or 403.
    """
    require_write(world, caller, repository, "write", issue)
    if not issue.locked:
        _turn(world, caller, repository, issue, True, reason)


def unlock_issue(world: World, caller: Caller, repository: Repository, issue: Issue) -> None:
    """Raises:
    ApiError: 401 or 403.
    """
    require_write(world, caller, repository, "write", issue)
    if issue.locked:
        _turn(world, caller, repository, issue, False, None)


def _turn(
    world: World,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    locked: bool,
    reason: str | None,
) -> None:
    issue.locked, issue.lock_reason = locked, reason
    touch(world, issue)
    event = "locked" if locked else "unlocked"
    note(world, issue, event, caller, lock_reason=reason)
    tell_issue(world, event, caller, repository, issue)
