"""Noting in an issue's timeline what happened to it."""

from __future__ import annotations

from typing import Any

from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue, TimelineEvent
from bot.simulator.world import World


def note(
    world: World,
    issue: Issue,
    event: str,
    caller: Caller,
    *,
    commit_id: str | None = None,
    actor_id: int | None = None,
    **details: Any,
) -> TimelineEvent:
    """Adds an entry, by the caller unless another actor is named.

    `details` hold accounts and issues by id, all else as it will be shown.
    """
    assert caller.actor is not None
    return world.tables.timeline.add(
        TimelineEvent(
            id=world.tables.next_id(),
            repository_id=issue.repository_id,
            issue_id=issue.id,
            event=event,
            actor_id=caller.actor.id if actor_id is None else actor_id,
            app_id=app_id_of(caller),
            commit_id=commit_id,
            details=details,
            created_at=world.clock.now(),
        )
    )


def app_id_of(caller: Caller) -> int | None:
    """The App through which the caller acts, as `performed_via_github_app` names it."""
    return None if caller.app is None else caller.app.id


def touch(world: World, issue: Issue) -> None:
    """Saves a changed issue as just updated."""
    issue.updated_at = world.clock.now()
    world.tables.issues.save(issue)
