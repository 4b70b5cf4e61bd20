"""The repositories of users and organizations: listing and making them."""

from __future__ import annotations

from typing import Any, Literal

from starlette.responses import Response

from bot.simulator.clock import stamp
from bot.simulator.domain.repositories.organizations import membership
from bot.simulator.domain.repositories.repositories import Plan, create_repository
from bot.simulator.errors import ApiError, not_accessible
from bot.simulator.identity.rights import may_see, role_of
from bot.simulator.records.accounts import Account
from bot.simulator.records.repositories import Repository
from bot.simulator.rest.replies import created, paginate
from bot.simulator.rest.repository.organizations import organization_named
from bot.simulator.rest.repository.repos import Settings
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.views.repositories import (
    full_repository_view,
    permissions_view,
    repository_view,
)

router = router_for("repos")

Sort = Literal["created", "updated", "pushed", "full_name"]
Direction = Literal["asc", "desc"]


class NewRepository(Settings):
    name: str
    auto_init: bool = False


@router.get("/user/repos")
async def list_own_repositories(
    call: Calling,
    visibility: Literal["all", "public", "private"] = "all",
    affiliation: str = "owner,collaborator,organization_member",
    sort: Sort = "full_name",
    direction: Direction | None = None,
) -> Response:
    actor = call.person()
    kinds = affiliation.split(",")
    rows = [r for r in call.tables.repositories if _affiliation(call, actor, r) in kinds]
    if visibility != "all":
        rows = [row for row in rows if row.private == (visibility == "private")]
    return _list(call, rows, sort, direction)


@router.post("/user/repos")
async def create_own_repository(call: Calling, body: NewRepository) -> Response:
    return await _create(call, call.person(), body)


@router.get("/users/{login}/repos")
async def list_repositories_of_user(
    call: Calling, login: str, sort: Sort = "full_name", direction: Direction | None = None
) -> Response:
    rows = call.tables.repositories.where("owner", call.account_named(login).id)
    return _list(call, rows, sort, direction)


@router.get("/orgs/{org}/repos")
async def list_repositories_of_organization(
    call: Calling,
    org: str,
    type: Literal["all", "public", "private", "forks", "sources", "member"] = "all",
    sort: Sort = "created",
    direction: Direction | None = None,
) -> Response:
    rows = call.tables.repositories.where("owner", organization_named(call, org).id)
    chosen = {
        "public": [r for r in rows if not r.private],
        "private": [r for r in rows if r.private],
        "forks": [r for r in rows if r.fork_of_id is not None],
        "sources": [r for r in rows if r.fork_of_id is None],
    }
    return _list(call, chosen.get(type, rows), sort, direction)


@router.post("/orgs/{org}/repos")
async def create_repository_of_organization(
    call: Calling, org: str, body: NewRepository
) -> Response:
    organization = organization_named(call, org)
    actor = call.actor()
    installation = call.caller.installation
    if installation is not None and call.caller.token is not None:
        granted = call.caller.token.permissions.get("administration") in ("write", "admin")
        if installation.account_id != organization.id or not granted:
            raise not_accessible()
    elif not call.caller.is_user:
        raise not_accessible()
    elif membership(call.world, organization, actor) is None:
        raise ApiError(403, "You need admin access to the organization before adding a repository.")
    return await _create(call, organization, body)


def _affiliation(call: Call, actor: Account, repository: Repository) -> str | None:
    if repository.owner_id == actor.id:
        return "owner"
    if role_of(call.tables, actor.id, repository) is None:
        return None
    owner = call.world.owner(repository)
    if owner.type == "Organization" and membership(call.world, owner, actor) is not None:
        return "organization_member"
    return "collaborator"


def _list(call: Call, rows: list[Repository], sort: Sort, direction: Direction | None) -> Response:
    """Names from A to Z, times from the newest, unless `direction` says otherwise."""
    seen = [row for row in rows if may_see(call.tables, call.caller, row)]
    descending = (direction or ("asc" if sort == "full_name" else "desc")) == "desc"

    def rank(row: Repository) -> tuple[str, int]:
        if sort == "full_name":
            return call.world.full_name(row).lower(), row.id
        return stamp(getattr(row, f"{sort}_at")), row.id

    seen.sort(key=rank, reverse=descending)
    return paginate(call.request, seen, lambda row: _listed_view(call, row))


def _listed_view(call: Call, row: Repository) -> dict[str, Any]:
    view = repository_view(call.world, row)
    if call.caller.actor is None or not call.caller.is_user:
        return view
    role = role_of(call.tables, call.caller.actor.id, row)
    shown = permissions_view(role)
    return view | {"permissions": shown | {"pull": shown["pull"] or not row.private}}


async def _create(call: Call, owner: Account, body: NewRepository) -> Response:
    settings = body.changes()
    name = settings.pop("name")
    for later in ("archived", "default_branch"):
        settings.pop(later, None)
    plan = Plan(owner, name, settings, readme=body.auto_init)
    row = await create_repository(call.world, call.caller, plan)
    return created(full_repository_view(call.world, row, call.actor()))
