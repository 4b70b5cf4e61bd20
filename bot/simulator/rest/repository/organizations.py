"""Organizations and their members."""

from __future__ import annotations

from typing import Any, Literal

from starlette.responses import Response

from bot.simulator.clock import stamp
from bot.simulator.domain.repositories.organizations import (
    members_of_organization,
    membership,
    organizations_of,
)
from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.accounts import Account
from bot.simulator.rest.replies import no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import Call, Calling
from bot.simulator.views.accounts import account_view, organization_view

router = router_for("orgs")


@router.get("/orgs/{org}")
async def get_organization(call: Calling, org: str) -> Response:
    return reply(_whole_organization_view(call, organization_named(call, org)))


@router.get("/orgs/{org}/members")
async def list_members(
    call: Calling, org: str, role: Literal["all", "admin", "member"] = "all"
) -> Response:
    rows = members_of_organization(call.world, organization_named(call, org))
    shown = [account for account, has in rows if role in ("all", has)]
    return paginate(call.request, shown, lambda account: account_view(call.world, account))


@router.get("/orgs/{org}/members/{login}")
async def check_member(call: Calling, org: str, login: str) -> Response:
    account = call.tables.accounts.one("login", login.lower())
    if account is None or membership(call.world, organization_named(call, org), account) is None:
        raise ApiError(404, "User does not exist or is not a member of the organization")
    return no_content()


@router.get("/orgs/{org}/memberships/{login}")
async def get_membership(call: Calling, org: str, login: str) -> Response:
    organization = organization_named(call, org)
    account = call.tables.accounts.one("login", login.lower())
    role = None if account is None else membership(call.world, organization, account)
    if account is None or role is None:
        raise not_found()
    api = f"{call.world.urls.api}/orgs/{organization.login}"
    return reply(
        {
            "url": f"{api}/memberships/{account.login}",
            "state": "active",
            "role": role,
            "organization_url": api,
            "organization": organization_view(call.world, organization),
            "user": account_view(call.world, account),
        }
    )


@router.get("/user/orgs")
async def list_own_organizations(call: Calling) -> Response:
    return _organizations(call, call.person())


@router.get("/users/{login}/orgs")
async def list_organizations_of(call: Calling, login: str) -> Response:
    return _organizations(call, call.account_named(login))


def _organizations(call: Call, account: Account) -> Response:
    rows = organizations_of(call.world, account)
    return paginate(call.request, rows, lambda row: organization_view(call.world, row))


def organization_named(call: Call, login: str) -> Account:
    """Raises:
    ApiError: 404 where there is none of that name.
    """
    found = call.account_named(login)
    if found.type != "Organization":
        raise not_found()
    return found


def _whole_organization_view(call: Call, organization: Account) -> dict[str, Any]:
    repositories = call.tables.repositories.where("owner", organization.id)
    return organization_view(call.world, organization) | {
        "name": organization.name or organization.login,
        "html_url": f"{call.world.urls.base}/{organization.login}",
        "type": "Organization",
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": sum(not r.private for r in repositories),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "archived_at": None,
        "created_at": stamp(organization.created_at),
        "updated_at": stamp(organization.updated_at),
    }
