"""Commit statuses, one by one and combined."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.domain.checks.results import latest_statuses
from bot.simulator.domain.checks.statuses import NewStatus, create_status
from bot.simulator.errors import ApiError
from bot.simulator.git import UnknownObject
from bot.simulator.records.checks import StatusState
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import created, link_header, page_asked, paginate, reply
from bot.simulator.rest.repository.revisions import commit_named
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository
from bot.simulator.views.checks import combined_status_view, status_view

router = router_for("statuses")

REPO = "/repos/{owner}/{repo}"


class StatusBody(Body):
    state: StatusState
    target_url: str | None = None
    description: str | None = None
    context: str | None = "default"


@router.post(REPO + "/statuses/{sha}")
async def create_commit_status(here: AtRepository, sha: str, body: StatusBody) -> Response:
    here.require("statuses", "write")
    try:
        commit = await here.git.commit(sha)
    except UnknownObject as error:
        raise ApiError(422, f"No commit found for SHA: {sha[:60]}") from error
    new = NewStatus(body.state, body.context or "default", body.description, body.target_url)
    status = create_status(here.world, here.caller, here.repository, commit, new)
    return created(status_view(here.world, status))


@router.get(REPO + "/commits/{ref:path}/statuses")
async def list_statuses(here: AtRepository, ref: str) -> Response:
    """The newest first."""
    here.require("statuses", "read")
    sha = await commit_named(here, ref)
    found = here.tables.statuses.where("sha", (here.repository.id, sha))
    return paginate(here.request, found[::-1], lambda status: status_view(here.world, status))


@router.get(REPO + "/commits/{ref:path}/status")
async def combined_status(here: AtRepository, ref: str) -> Response:
    here.require("statuses", "read")
    sha = await commit_named(here, ref)
    statuses = latest_statuses(here.tables.statuses.where("sha", (here.repository.id, sha)))
    page, size = page_asked(here.request)
    shown = statuses[(page - 1) * size : page * size]
    view = combined_status_view(here.world, here.repository, sha, statuses, shown)
    links = link_header(here.request, page, -(-len(statuses) // size))
    return reply(view, headers={"link": links} if links else None)
