"""Collaborators: accounts with what they may do in a repository."""

from __future__ import annotations

from typing import Any

from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Role
from bot.simulator.views.accounts import account_view
from bot.simulator.views.repositories import permissions_view
from bot.simulator.world import World

FOLDED: dict[Role, str] = {
    "read": "read",
    "triage": "read",
    "write": "write",
    "maintain": "write",
    "admin": "admin",
}
"""What `permission` makes of a role; `role_name` has the role itself."""


def collaborator_view(world: World, account: Account, role: Role) -> dict[str, Any]:
    return account_view(world, account) | {
        "permissions": permissions_view(role),
        "role_name": role,
    }


def permission_view(world: World, account: Account, role: Role) -> dict[str, Any]:
    return {
        "permission": FOLDED[role],
        "role_name": role,
        "user": collaborator_view(world, account, role),
    }
