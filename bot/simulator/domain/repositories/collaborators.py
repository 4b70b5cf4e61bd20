"""Who works on a repository, and in which role."""

from __future__ import annotations

from bot.simulator.domain.announcing import tell
from bot.simulator.identity.caller import Caller
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Collaborator, Repository, Role
from bot.simulator.views.accounts import account_view
from bot.simulator.views.collaborators import FOLDED
from bot.simulator.world import World


def set_role(
    world: World, caller: Caller, repository: Repository, account: Account, role: Role
) -> None:
    """At once: the simulator sends no invitations."""
    tables = world.tables
    found = tables.collaborators.one("one", (repository.id, account.id))
    shown = account_view(world, account)
    if found is None:
        tables.collaborators.add(
            Collaborator(
                id=tables.next_id(),
                repository_id=repository.id,
                account_id=account.id,
                role=role,
            )
        )
        changes = {"permission": {"to": FOLDED[role]}, "role_name": {"to": role}}
        tell(world, "member", "added", caller, repository, member=shown, changes=changes)
    elif found.role != role:
        moved = {"from": FOLDED[found.role], "to": FOLDED[role]}
        found.role = role
        tables.collaborators.save(found)
        changed = {"old_permission": {"from": moved["from"]}, "permission": moved}
        tell(world, "member", "edited", caller, repository, member=shown, changes=changed)


def remove_role(world: World, caller: Caller, repository: Repository, account: Account) -> None:
    """Nothing happens where there is no role."""
    found = world.tables.collaborators.one("one", (repository.id, account.id))
    if found is not None:
        world.tables.collaborators.remove(found)
        shown = account_view(world, account)
        tell(world, "member", "removed", caller, repository, member=shown)
