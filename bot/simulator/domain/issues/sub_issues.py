"""Sub-issues: an order of issues below issues, 100 wide and 8 deep."""

from __future__ import annotations

from collections.abc import Iterator

from bot.simulator.domain.issues.relations import End, tell_relation
from bot.simulator.domain.issues.rights import require_write
from bot.simulator.domain.issues.timeline import touch
from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World

MAX_CHILDREN = 100
MAX_LEVELS = 8
"""Of sub-issues below the topmost issue."""

_NOT_ADDED = "An error occurred while adding the sub-issue to the parent issue."


def add_sub_issue(
    world: World,
    caller: Caller,
    repository: Repository,
    parent: Issue,
    child: Issue,
    *,
    replace_parent: bool = False,
) -> None:
    """Puts `child` last below `parent`.

    Raises:
        ApiError: 401, 403, or 422 when the tree would no longer be one, or be too large.
    """
    require_write(world, caller, repository, "triage", parent)
    _check(world, repository, parent, child, replace_parent)
    old = world.tables.issues.get(child.parent_id)
    if old is not None:
        _part(world, caller, old, child)
    parent.sub_issue_ids.append(child.id)
    child.parent_id = parent.id
    _changed(world, caller, parent, child, "added")


def remove_sub_issue(
    world: World, caller: Caller, repository: Repository, parent: Issue, child: Issue
) -> None:
    """Raises:
    ApiError: 401, 403, 404 when it is no sub-issue of this parent.
    """
    require_write(world, caller, repository, "triage", parent)
    if child.parent_id != parent.id:
        raise ApiError(404, "The provided sub-issue does not exist")
    _part(world, caller, parent, child)


def move_sub_issue(
    world: World,
    caller: Caller,
    repository: Repository,
    parent: Issue,
    child_id: int,
    *,
    after_id: int | None = None,
    before_id: int | None = None,
) -> None:
    """Puts a sub-issue right after, or right before, another of the same parent.

    Raises:
        ApiError: 401, 403, 404 for what is no sub-issue here, 422 unless one place is named.
    """
    require_write(world, caller, repository, "triage", parent)
    if (after_id is None) == (before_id is None):
        raise ApiError(422, "Exactly one of after_id and before_id must be given")
    beside = after_id if after_id is not None else before_id
    if child_id not in parent.sub_issue_ids or beside not in parent.sub_issue_ids:
        raise ApiError(404, "The provided sub-issue does not exist")
    if child_id == beside:
        raise ApiError(422, "A sub-issue cannot be moved beside itself")
    parent.sub_issue_ids.remove(child_id)
    place = parent.sub_issue_ids.index(beside) + (after_id is not None)
    parent.sub_issue_ids.insert(place, child_id)
    touch(world, parent)


def _check(
    world: World, repository: Repository, parent: Issue, child: Issue, replace_parent: bool
) -> None:
    home = world.tables.repositories[child.repository_id]
    if home.owner_id != repository.owner_id:
        raise _refusal("The sub-issue must belong to the same owner as the parent issue")
    if child.pull_id is not None or parent.pull_id is not None:
        raise _refusal("Pull requests cannot have or be sub-issues")
    if child.parent_id is not None and (child.parent_id == parent.id or not replace_parent):
        raise _refusal(
            "Issue may not contain duplicate sub-issues and Sub issue may only have one parent"
        )
    if any(above.id == child.id for above in _lineage(world, parent)):
        raise _refusal("Sub issue may not be the parent issue or one of its ancestors")
    if len(parent.sub_issue_ids) >= MAX_CHILDREN:
        raise _refusal(f"Parent cannot have more than {MAX_CHILDREN} sub-issues")
    above = sum(1 for _ in _lineage(world, parent))
    if above + _levels_below(world, child) > MAX_LEVELS:
        raise _refusal(f"Sub-issues may not be nested more than {MAX_LEVELS} levels deep")


def _refusal(reason: str) -> ApiError:
    return ApiError(422, f"{_NOT_ADDED} {reason}")


def _lineage(world: World, issue: Issue) -> Iterator[Issue]:
    """The issue, its parent, and so on up."""
    at: Issue | None = issue
    while at is not None:
        yield at
        at = world.tables.issues.get(at.parent_id)


def _levels_below(world: World, issue: Issue) -> int:
    children = [world.tables.issues[id] for id in issue.sub_issue_ids]
    return max((1 + _levels_below(world, child) for child in children), default=0)


def _part(world: World, caller: Caller, parent: Issue, child: Issue) -> None:
    parent.sub_issue_ids.remove(child.id)
    child.parent_id = None
    _changed(world, caller, parent, child, "removed")


def _changed(world: World, caller: Caller, parent: Issue, child: Issue, done: str) -> None:
    above = End(parent, "parent_issue", "parent_issue")
    below = End(child, "sub_issue", "sub_issue")
    tell_relation(world, caller, "sub_issues", above, below, done)
