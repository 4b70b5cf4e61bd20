"""Milestones, and putting issues under them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.simulator.clock import maybe_stamp
from bot.simulator.domain.announcing import tell
from bot.simulator.domain.issues.events import tell_issue
from bot.simulator.domain.issues.timeline import note, touch
from bot.simulator.errors import invalid
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import require
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Milestone, Repository
from bot.simulator.views.milestones import milestone_view
from bot.simulator.world import World


def find_milestone(world: World, repository: Repository, number: int) -> Milestone | None:
    return world.tables.milestones.one("number", (repository.id, number))


def create_milestone(
    world: World,
    caller: Caller,
    repository: Repository,
    title: str,
    description: str | None = None,
    due_on: datetime | None = None,
) -> Milestone:
    """Raises:
    ApiError: 401, 403, or 422 for a title that is empty or taken.
    """
    require(world.tables, caller, repository, "issues", "write")
    _check_title(world, repository, None, title)
    assert caller.actor is not None
    taken = [m.number for m in world.tables.milestones.where("repository", repository.id)]
    now = world.clock.now()
    row = Milestone(
        id=world.tables.next_id(),
        repository_id=repository.id,
        number=max(taken, default=0) + 1,
        title=title,
        description=description,
        creator_id=caller.actor.id,
        due_on=due_on,
        created_at=now,
        updated_at=now,
    )
    world.tables.milestones.add(row)
    _tell(world, "created", caller, repository, row)
    return row


def edit_milestone(
    world: World,
    caller: Caller,
    repository: Repository,
    milestone: Milestone,
    fields: dict[str, Any],
) -> None:
    """`fields` are the new title, description, due_on and state, those that were named.

    Raises:
        ApiError: as `create_milestone` does.
    """
    require(world.tables, caller, repository, "issues", "write")
    if "title" in fields:
        _check_title(world, repository, milestone, fields["title"])
    changes: dict[str, Any] = {}
    for name in ("title", "description", "due_on"):
        old = getattr(milestone, name)
        if name in fields and fields[name] != old:
            changes[name] = {"from": (maybe_stamp(old) if name == "due_on" else old) or ""}
            setattr(milestone, name, fields[name])
    milestone.updated_at = world.clock.now()
    world.tables.milestones.save(milestone)
    if changes:
        _tell(world, "edited", caller, repository, milestone, changes=changes)
    if fields.get("state", milestone.state) != milestone.state:
        _turn(world, caller, repository, milestone)


def _turn(world: World, caller: Caller, repository: Repository, milestone: Milestone) -> None:
    is_open = milestone.state == "open"
    milestone.state = "closed" if is_open else "open"
    milestone.closed_at = world.clock.now() if is_open else None
    world.tables.milestones.save(milestone)
    _tell(world, "closed" if is_open else "opened", caller, repository, milestone)


def delete_milestone(
    world: World, caller: Caller, repository: Repository, milestone: Milestone
) -> None:
    require(world.tables, caller, repository, "issues", "write")
    for issue in world.tables.issues.where("milestone", milestone.id):
        put_under(world, caller, repository, issue, None)
    shown = milestone_view(world, milestone)
    world.tables.milestones.remove(milestone)
    tell(world, "milestone", "deleted", caller, repository, milestone=shown)


def put_under(
    world: World,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    milestone: Milestone | None,
) -> None:
    """Puts the issue under another milestone or, with None, under none; the caller may."""
    old = world.tables.milestones.get(issue.milestone_id)
    if old is milestone:
        return
    issue.milestone_id = None
    touch(world, issue)
    if old is not None:
        note_milestone(world, caller, repository, issue, old, "demilestoned")
    if milestone is not None:
        issue.milestone_id = milestone.id
        touch(world, issue)
        note_milestone(world, caller, repository, issue, milestone, "milestoned")


def note_milestone(
    world: World,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    milestone: Milestone,
    event: str,
) -> None:
    """Of an issue that was just put under a milestone or taken from it."""
    note(world, issue, event, caller, milestone={"title": milestone.title})
    shown = milestone_view(world, milestone)
    tell_issue(world, event, caller, repository, issue, milestone=shown)


def _tell(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    milestone: Milestone,
    **extra: Any,
) -> None:
    shown = milestone_view(world, milestone)
    tell(world, "milestone", action, caller, repository, milestone=shown, **extra)


def _check_title(
    world: World, repository: Repository, milestone: Milestone | None, title: str
) -> None:
    if not title.strip():
        raise invalid("Milestone", "title", "missing_field")
    for other in world.tables.milestones.where("repository", repository.id):
        if other is not milestone and other.title == title:
            raise invalid("Milestone", "title", "already_exists")
