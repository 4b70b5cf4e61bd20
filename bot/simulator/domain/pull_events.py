"""Telling of pull requests: the event `pull_request`, and what their issues' timelines note."""

from __future__ import annotations

from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue, TimelineEvent
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.views.pulls import pull_view
from bot.simulator.world import World


def tell_pull(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    **extra: Any,
) -> None:
    """`extra` are the action's own keys: `label`, `changes`, `before` and `after`, …"""
    shown = pull_view(world, pull)
    tell(
        world,
        "pull_request",
        action,
        caller,
        repository,
        number=pull.number,
        pull_request=shown,
        **extra,
    )


def note(
    world: World,
    issue: Issue,
    event: str,
    caller: Caller,
    *,
    commit_id: str | None = None,
    **details: Any,
) -> None:
    """Adds to the timeline; the caller must be somebody."""
    assert caller.actor is not None
    world.tables.timeline.add(
        TimelineEvent(
            id=world.tables.next_id(),
            repository_id=issue.repository_id,
            issue_id=issue.id,
            event=event,
            actor_id=caller.actor.id,
            app_id=None if caller.app is None else caller.app.id,
            commit_id=commit_id,
            details=details,
            created_at=world.clock.now(),
        )
    )
