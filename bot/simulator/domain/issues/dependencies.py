"""Issues that wait for others: `blocked_by` and, seen from the other side, `blocking`."""

from __future__ import annotations

from bot.simulator.domain.issues.relations import End, tell_relation
from bot.simulator.domain.issues.rights import require_write
from bot.simulator.errors import ApiError, invalid, not_found
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Dependency, Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

MAX_EACH_WAY = 50


def blockers_of(world: World, issue: Issue) -> list[Issue]:
    found = world.tables.dependencies.where("blocked", issue.id)
    return [world.tables.issues[row.blocking_id] for row in found]


def blocked_by(world: World, issue: Issue) -> list[Issue]:
    """Those that wait for `issue`."""
    found = world.tables.dependencies.where("blocking", issue.id)
    return [world.tables.issues[row.blocked_id] for row in found]


def block(
    world: World, caller: Caller, repository: Repository, blocked: Issue, blocking: Issue
) -> None:
    """Raises:
    ApiError: 401, 403, or 422 for a dependency that is there, that closes a circle, or that is
        one too many.
    """
    require_write(world, caller, repository, "triage", blocked)
    _check(world, blocked, blocking)
    row = Dependency(id=world.tables.next_id(), blocked_id=blocked.id, blocking_id=blocking.id)
    world.tables.dependencies.add(row)
    _changed(world, caller, blocked, blocking, "added")


def unblock(
    world: World, caller: Caller, repository: Repository, blocked: Issue, blocking: Issue
) -> None:
    """Raises:
    ApiError: 401, 403, 404 when there is no such dependency.
    """
    require_write(world, caller, repository, "triage", blocked)
    rows = world.tables.dependencies.where("blocked", blocked.id)
    row = next((row for row in rows if row.blocking_id == blocking.id), None)
    if row is None:
        raise not_found()
    world.tables.dependencies.remove(row)
    _changed(world, caller, blocked, blocking, "removed")


def _check(world: World, blocked: Issue, blocking: Issue) -> None:
    if blocked.pull_id is not None or blocking.pull_id is not None:
        raise ApiError(422, "Target issue may only be an issue")
    before = blockers_of(world, blocked)
    reason = None
    if blocking in before:
        reason = "Issue is already blocked by this issue"
    elif _waits_for(world, blocking, blocked):
        reason = "Dependency would be circular"
    elif max(len(before), len(blocked_by(world, blocking))) >= MAX_EACH_WAY:
        reason = f"Issue may not have more than {MAX_EACH_WAY} dependencies of a kind"
    if reason is not None:
        raise invalid("IssueDependency", "issue_id", "custom", reason)


def _waits_for(world: World, issue: Issue, other: Issue) -> bool:
    """Whether `issue` is `other` or waits for it, however indirectly."""
    seen: set[int] = set()
    waiting = [issue]
    while waiting:
        at = waiting.pop()
        if at.id == other.id:
            return True
        if at.id not in seen:
            seen.add(at.id)
            waiting += blockers_of(world, at)
    return False


def _changed(world: World, caller: Caller, blocked: Issue, blocking: Issue, done: str) -> None:
    waiting = End(blocked, "blocking", "blocked_issue")
    awaited = End(blocking, "blocked_by", "blocking_issue")
    tell_relation(world, caller, "issue_dependencies", waiting, awaited, done)
