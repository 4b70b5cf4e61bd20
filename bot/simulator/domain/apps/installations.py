"""Installing an App, what it may reach, suspending and removing it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from bot.simulator.domain.announcing import tell
from bot.simulator.events import Event
from bot.simulator.identity.caller import Caller
from bot.simulator.records.accounts import Account
from bot.simulator.records.apps import App, Installation
from bot.simulator.records.repositories import Repository
from bot.simulator.views.installations import brief_repository_view, installation_view
from bot.simulator.world import World


def covered(world: World, installation: Installation) -> list[Repository]:
    """The repositories that an installation reaches."""
    owned = world.tables.repositories.where("owner", installation.account_id)
    if installation.repository_selection == "all":
        return owned
    return [r for r in owned if r.id in installation.repository_ids]


def installation_on(world: World, app: App, account: Account) -> Installation | None:
    there = world.tables.installations.where("account", account.id)
    return next((i for i in there if i.app_id == app.id), None)


def install(
    world: World,
    caller: Caller,
    app: App,
    account: Account,
    repositories: Sequence[Repository] | None = None,
) -> Installation:
    """On all repositories of the account, or on those named.

    Raises:
        ValueError: it is installed there already.
    """
    if installation_on(world, app, account) is not None:
        raise ValueError(f"{app.slug} is installed on {account.login} already")
    now = world.clock.now()
    row = Installation(
        id=world.tables.next_id(),
        app_id=app.id,
        account_id=account.id,
        repository_selection="all" if repositories is None else "selected",
        repository_ids=[r.id for r in repositories or ()],
        permissions=app.permissions,
        events=app.events,
        created_at=now,
        updated_at=now,
    )
    world.tables.installations.add(row)
    _tell(world, caller, row, "created", requester=None)
    return row


def uninstall(world: World, caller: Caller, installation: Installation) -> None:
    """Its tokens end with it."""
    _tell(world, caller, installation, "deleted")
    for token in world.tables.tokens.where("installation", installation.id):
        world.tables.tokens.remove(token)
    world.tables.installations.remove(installation)


def suspend(world: World, caller: Caller, installation: Installation) -> None:
    if installation.suspended_at is not None:
        return
    installation.suspended_at = world.clock.now()
    installation.suspended_by_id = None if caller.actor is None else caller.actor.id
    _save(world, installation)
    _tell(world, caller, installation, "suspend")


def unsuspend(world: World, caller: Caller, installation: Installation) -> None:
    if installation.suspended_at is None:
        return
    installation.suspended_at = None
    installation.suspended_by_id = None
    _save(world, installation)
    _tell(world, caller, installation, "unsuspend")


def accept_permissions(world: World, caller: Caller, installation: Installation) -> None:
    """What the App asks for since it was installed is granted."""
    app = world.tables.apps[installation.app_id]
    if (installation.permissions, installation.events) == (app.permissions, app.events):
        return
    installation.permissions = dict(app.permissions)
    installation.events = list(app.events)
    _save(world, installation)
    _tell(world, caller, installation, "new_permissions_accepted")


def withhold(world: World, installation: Installation, names: Collection[str]) -> None:
    """The permissions of these names are not granted any more; the App is not told."""
    kept = {n: level for n, level in installation.permissions.items() if n not in names}
    installation.permissions = kept
    _save(world, installation)
    for token in world.tables.tokens.where("installation", installation.id):
        token.permissions = {n: v for n, v in token.permissions.items() if n not in names}
        world.tables.tokens.save(token)


def select(
    world: World, caller: Caller, installation: Installation, chosen: Sequence[Repository] | None
) -> None:
    """Reaches these repositories from now on; None: all of the account's."""
    before = {r.id: r for r in covered(world, installation)}
    installation.repository_selection = "all" if chosen is None else "selected"
    installation.repository_ids = [r.id for r in chosen or ()]
    _save(world, installation)
    after = {r.id: r for r in covered(world, installation)}
    added = [r for id, r in after.items() if id not in before]
    removed = [r for id, r in before.items() if id not in after]
    if added:
        tell_selection(world, caller, installation, "added", added)
    if removed:
        tell_selection(world, caller, installation, "removed", removed)


def tell_selection(
    world: World,
    caller: Caller,
    installation: Installation,
    action: Literal["added", "removed"],
    repositories: Sequence[Repository],
) -> None:
    """Event `installation_repositories`."""
    named: Mapping[str, Any] = {"repositories_added": [], "repositories_removed": []}
    tell(
        world,
        "installation_repositories",
        action,
        caller,
        installation_id=installation.id,
        installation=installation_view(world, installation),
        repository_selection=installation.repository_selection,
        requester=None,
        **{
            **named,
            f"repositories_{action}": [brief_repository_view(world, r) for r in repositories],
        },
    )


def follow_repositories(world: World, event: Event) -> None:
    """A listener: repositories come and go, and with them what installations reach."""
    if event.name != "repository" or event.repository is None:
        return
    if event.action not in ("created", "deleted"):
        return
    repository = event.repository
    for installation in world.tables.installations.where("account", repository.owner_id):
        if installation.repository_selection == "all":
            action: Literal["added", "removed"] = (
                "added" if event.action == "created" else "removed"
            )
            tell_selection(world, event.caller, installation, action, [repository])
        elif event.action == "deleted" and repository.id in installation.repository_ids:
            installation.repository_ids.remove(repository.id)
            _save(world, installation)
            tell_selection(world, event.caller, installation, "removed", [repository])


def _save(world: World, installation: Installation) -> None:
    installation.updated_at = world.clock.now()
    world.tables.installations.save(installation)


def _tell(
    world: World, caller: Caller, installation: Installation, action: str, **objects: Any
) -> None:
    tell(
        world,
        "installation",
        action,
        caller,
        installation_id=installation.id,
        installation=installation_view(world, installation),
        repositories=[brief_repository_view(world, r) for r in covered(world, installation)],
        **objects,
    )
