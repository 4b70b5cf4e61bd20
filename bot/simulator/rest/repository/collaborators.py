"""Collaborators and their permission."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.domain.repositories.collaborators import remove_role, set_role
from bot.simulator.errors import ApiError, not_accessible, not_found
from bot.simulator.identity.rights import role_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import ROLES, Role
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.collaborators import collaborator_view, permission_view
from bot.simulator.views.repositories import permissions_view

router = router_for("repos")

NAMES: dict[str, Role] = {"pull": "read", "push": "write"}
"""GitHub's older names of roles, which the API still takes."""


class NewRole(Body):
    permission: str = "push"


@router.get("/repos/{owner}/{repo}/collaborators")
async def list_collaborators(
    here: AtRepository, affiliation: str = "all", permission: str = ""
) -> Response:
    _require_push(here, "Must have push access to view repository collaborators.")
    rows = _people(here, outside=affiliation == "outside")
    if permission:
        rows = [row for row in rows if permissions_view(row[1]).get(permission)]
    return paginate(here.request, rows, lambda row: collaborator_view(here.world, *row))


@router.get("/repos/{owner}/{repo}/collaborators/{login}")
async def check_collaborator(here: AtRepository, login: str) -> Response:
    _require_push(here, "Must have push access to view repository collaborators.")
    _role(here, here.account_named(login))
    return no_content()


@router.put("/repos/{owner}/{repo}/collaborators/{login}")
async def add_collaborator(here: AtRepository, login: str, body: NewRole) -> Response:
    here.require("administration", "write", "admin")
    account = here.account_named(login)
    role = NAMES.get(body.permission, body.permission)
    if role not in ROLES:
        raise ApiError(422, f"{body.permission[:40]!r} is not a permission")
    if account.type == "User" and account.id != here.repository.owner_id:
        set_role(here.world, here.caller, here.repository, account, role)
    return no_content()


@router.delete("/repos/{owner}/{repo}/collaborators/{login}")
async def remove_collaborator(here: AtRepository, login: str) -> Response:
    """Everybody may leave."""
    account = here.account_named(login)
    if here.caller.actor is None or not here.caller.is_user or here.caller.actor.id != account.id:
        here.require("administration", "write", "admin")
    remove_role(here.world, here.caller, here.repository, account)
    return no_content()


@router.get("/repos/{owner}/{repo}/collaborators/{login}/permission")
async def get_permission(here: AtRepository, login: str) -> Response:
    """404 for who has no role; `permission` knows only admin, write and read."""
    _require_push(here, "Must have push access to view collaborator permission.")
    account = here.account_named(login)
    return reply(permission_view(here.world, account, _role(here, account)))


def _require_push(here: Here, message: str) -> None:
    """Apps need no more than to read metadata."""
    here.actor()
    if not here.can("metadata", "read", "write"):
        raise not_accessible() if here.caller.is_bot else ApiError(403, message)


def _role(here: Here, account: Account) -> Role:
    """Only people have one, not the organization that owns the repository."""
    role = role_of(here.tables, account.id, here.repository)
    if role is None or account.type != "User":
        raise not_found()
    return role


def _people(here: Here, *, outside: bool) -> list[tuple[Account, Role]]:
    """Outside are those with read of an organization's repository, who are no members."""
    tables = here.tables
    rows = [
        (tables.accounts[row.account_id], row.role)
        for row in tables.collaborators.where("repository", here.repository.id)
    ]
    owner = here.world.owner(here.repository)
    if owner.type == "User":
        rows.insert(0, (owner, "admin"))
    return [row for row in rows if row[1] == "read"] if outside else rows
