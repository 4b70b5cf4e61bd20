"""Who belongs to an organization.

The simulator has no invitations: whoever may do more than read in one of its repositories is a
member, and who administers one is an owner.
"""

from __future__ import annotations

from typing import Literal

from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Role
from bot.simulator.world import World

Membership = Literal["admin", "member"]


def membership(world: World, organization: Account, account: Account) -> Membership | None:
    roles = _roles(world, organization, account)
    if "admin" in roles:
        return "admin"
    return "member" if roles - {"read"} else None


def members_of_organization(
    world: World, organization: Account
) -> list[tuple[Account, Membership]]:
    found = [(a, membership(world, organization, a)) for a in world.tables.accounts]
    return [(account, role) for account, role in found if role is not None]


def organizations_of(world: World, account: Account) -> list[Account]:
    return [
        each
        for each in world.tables.accounts
        if each.type == "Organization" and membership(world, each, account) is not None
    ]


def _roles(world: World, organization: Account, account: Account) -> set[Role]:
    found = set()
    for repository in world.tables.repositories.where("owner", organization.id):
        row = world.tables.collaborators.one("one", (repository.id, account.id))
        if row is not None:
            found.add(row.role)
    return found
