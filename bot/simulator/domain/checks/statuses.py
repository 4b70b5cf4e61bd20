"""Commit statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.repositories.branch_rules import rules_for
from bot.simulator.errors import ApiError, invalid
from bot.simulator.git import Commit
from bot.simulator.identity.caller import Caller
from bot.simulator.records.checks import CommitStatus, StatusState
from bot.simulator.records.repositories import Repository
from bot.simulator.views.checks import status_view
from bot.simulator.views.commits import commit_view
from bot.simulator.world import World

MOST = 1000
"""Of one context at one commit."""
MOST_BRANCHES = 10
MAX_DESCRIPTION = 140


@dataclass(frozen=True)
class NewStatus:
    state: StatusState
    context: str = "default"
    description: str | None = None
    target_url: str | None = None


def create_status(
    world: World, caller: Caller, repository: Repository, commit: Commit, new: NewStatus
) -> CommitStatus:
    """Raises ApiError, 422."""
    _check(new)
    assert caller.actor is not None
    there = world.tables.statuses.where("sha", (repository.id, commit.sha))
    if sum(status.context == new.context for status in there) >= MOST:
        message = "This SHA and context has reached the maximum number of statuses."
        raise ApiError(422, "Validation Failed", [message])
    now = world.clock.now()
    status = CommitStatus(
        id=world.tables.next_id(),
        repository_id=repository.id,
        sha=commit.sha,
        state=new.state,
        context=new.context,
        description=new.description,
        target_url=new.target_url,
        creator_id=caller.actor.id,
        created_at=now,
        updated_at=now,
    )
    world.tables.statuses.add(status)
    payload = _payload(world, repository, commit, status)
    tell(world, "status", None, caller, repository, **payload)
    return status


def _check(new: NewStatus) -> None:
    if new.description is not None and len(new.description) > MAX_DESCRIPTION:
        message = f"description is too long (maximum is {MAX_DESCRIPTION} characters)"
        raise invalid("Status", "description", "custom", message)
    if len(new.context) > 255 or not new.context.strip():
        raise invalid("Status", "context")
    if new.target_url and not new.target_url.startswith(("http://", "https://")):
        raise invalid("Status", "target_url", "custom", "target_url must use http(s) scheme")


def _payload(
    world: World, repository: Repository, commit: Commit, status: CommitStatus
) -> dict[str, Any]:
    full_name = world.full_name(repository)
    url = f"{world.urls.repository(full_name)}/commits/{commit.sha}"
    heads = [name for name, sha in world.git(repository).branches().items() if sha == commit.sha]
    shown = status_view(world, status)
    kept = ("id", "avatar_url", "context", "description", "state", "target_url")
    return {key: shown[key] for key in kept} | {
        "sha": commit.sha,
        "name": full_name,
        "commit": commit_view(world, repository, commit),
        "branches": [
            {
                "name": name,
                "commit": {"sha": commit.sha, "url": url},
                "protected": bool(rules_for(world, repository, name)),
            }
            for name in heads[:MOST_BRANCHES]
        ],
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
    }
