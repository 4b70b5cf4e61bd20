"""Forks."""

from __future__ import annotations

from typing import Literal

from starlette.responses import Response

from bot.simulator.domain.repositories.forks import fork_repository
from bot.simulator.domain.repositories.organizations import membership
from bot.simulator.errors import ApiError
from bot.simulator.identity.rights import may_see
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import paginate, reply
from bot.simulator.rest.repository.organizations import organization_named
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository
from bot.simulator.views.repositories import full_repository_view, repository_view

router = router_for("repos")


class NewFork(Body):
    organization: str | None = None
    name: str | None = None
    default_branch_only: bool = False


@router.get("/repos/{owner}/{repo}/forks")
async def list_forks(
    here: AtRepository,
    sort: Literal["newest", "oldest", "stargazers", "watchers"] = "newest",
) -> Response:
    rows = here.tables.repositories.where("fork_of", here.repository.id)
    seen = [row for row in rows if may_see(here.tables, here.caller, row)]
    seen.sort(key=lambda row: row.id, reverse=sort != "oldest")
    return paginate(here.request, seen, lambda row: repository_view(here.world, row))


@router.post("/repos/{owner}/{repo}/forks")
async def create_fork(here: AtRepository, body: NewFork | None = None) -> Response:
    """Done at once, though the answer says "accepted", as GitHub's does."""
    wish = body or NewFork()
    owner = actor = here.person()
    if wish.organization is not None:
        owner = organization_named(here, wish.organization)
        if membership(here.world, owner, actor) is None:
            raise ApiError(403, "You don't have permission to create repositories there.")
    fork = await fork_repository(
        here.world,
        here.caller,
        here.repository,
        owner,
        name=wish.name,
        only_default=wish.default_branch_only,
    )
    return reply(full_repository_view(here.world, fork, actor), 202)
