"""Telling the world about a change that was just made."""

from __future__ import annotations

from typing import Any

from bot.simulator.events import Event
from bot.simulator.identity.caller import Caller
from bot.simulator.records.repositories import Repository
from bot.simulator.views.accounts import account_view, organization_view
from bot.simulator.views.repositories import repository_view
from bot.simulator.world import World


def tell(
    world: World,
    name: str,
    action: str | None,
    caller: Caller,
    repository: Repository | None = None,
    /,
    *,
    installation_id: int | None = None,
    **objects: Any,
) -> None:
    """Announces event `name`; `objects` are its own keys, e.g. `issue=issue_view(world, issue)`."""
    event = event_of(
        world, name, action, caller, repository, installation_id=installation_id, **objects
    )
    world.hub.tell(event)


def event_of(
    world: World,
    name: str,
    action: str | None,
    caller: Caller,
    repository: Repository | None = None,
    /,
    *,
    installation_id: int | None = None,
    **objects: Any,
) -> Event:
    """The payload is made now, so it shows what is true now; `sender` is the caller's account."""
    payload = ({} if action is None else {"action": action}) | objects
    if repository is not None:
        payload.setdefault("repository", repository_view(world, repository))
        owner = world.owner(repository)
        if owner.type == "Organization":
            payload["organization"] = organization_view(world, owner)
    if caller.actor is not None:
        payload["sender"] = account_view(world, caller.actor)
    return Event(name, action, caller, payload, repository, installation_id)
