"""Pull requests: listing, opening, reading, editing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.domain.issues.issues import check_texts, close_issue, edit_texts, require_edit
from bot.simulator.domain.pulls.edits import retarget
from bot.simulator.domain.pulls.pulls import Proposal, open_pull
from bot.simulator.domain.pulls.states import reopen_pull
from bot.simulator.domain.repositories.comparing import refresh
from bot.simulator.errors import ApiError
from bot.simulator.git import TooLarge
from bot.simulator.records.pulls import PullRequest
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.pulls.scope import AtNumber, AtPull
from bot.simulator.rest.replies import as_media, created, media_of, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.pulls import pull_simple_view, pull_view

router = router_for("pulls")

PULLS = "/repos/{owner}/{repo}/pulls"


@router.get(PULLS)
async def list_pulls(here: AtRepository) -> Response:
    here.require("pull_requests", "read")
    pulls = _sorted(here, _filtered(here))
    return paginate(here.request, pulls, lambda pull: pull_simple_view(here.world, pull))


def _filtered(here: Here) -> list[PullRequest]:
    asked = here.request.query_params
    tables = here.tables
    base, state = asked.get("base"), asked.get("state", "open")
    found = tables.pulls.where("repository", here.repository.id)
    if base:
        found = tables.pulls.where("base", (here.repository.id, base))
    owner, colon, branch = asked.get("head", "").partition(":")
    if colon:
        found = [pull for pull in found if _is_head(here, pull, owner, branch)]
    if state != "all":
        wanted = "closed" if state == "closed" else "open"
        found = [pull for pull in found if tables.issues[pull.issue_id].state == wanted]
    return found


def _is_head(here: Here, pull: PullRequest, owner: str, branch: str) -> bool:
    source = here.tables.repositories.get(pull.head_repository_id)
    if source is None or pull.head_ref != branch:
        return False
    return here.world.owner(source).login.lower() == owner.lower()


def _sorted(here: Here, pulls: list[PullRequest]) -> list[PullRequest]:
    """A tie is broken by number. The newest come first, unless another order was asked for."""
    tables = here.tables
    keys: dict[str, Callable[[PullRequest], Any]] = {
        "created": lambda pull: pull.number,
        "updated": lambda pull: (tables.issues[pull.issue_id].updated_at, pull.number),
        "popularity": lambda pull: (tables.comments.count("issue", pull.issue_id), pull.number),
        "long-running": lambda pull: pull.number,
    }
    by = here.request.query_params.get("sort", "created")
    direction = here.request.query_params.get("direction", "desc" if by == "created" else "asc")
    return sorted(pulls, key=keys.get(by, keys["created"]), reverse=direction != "asc")


class NewPull(Body):
    title: str | None = None
    head: str
    head_repo: str = ""
    base: str
    body: str | None = None
    maintainer_can_modify: bool = True
    draft: bool = False
    issue: int | None = None


@router.post(PULLS)
async def create_pull(here: AtRepository, body: NewPull) -> Response:
    here.require("pull_requests", "write", role="read")
    proposal = Proposal(**body.model_dump())
    pull = await open_pull(here.world, here.caller, here.repository, proposal)
    return created(pull_view(here.world, pull))


@router.get(PULLS + "/{pull_number}")
async def get_pull(at: AtPull, request: Request) -> Response:
    await refresh(at.world, at.pull)
    kind = media_of(request)
    if kind in ("diff", "patch"):
        return await _as_text(at, kind)
    return reply(pull_view(at.world, at.pull))


async def _as_text(at: AtNumber, kind: str) -> Response:
    git, pull = at.here.git, at.pull
    try:
        if kind == "diff":
            text = await git.diff_text(pull.compared_sha, pull.head_sha)
        else:
            text = await git.patch_text(pull.compared_sha, pull.head_sha)
    except TooLarge as error:
        details = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
        raise ApiError(406, "Sorry, the diff is too large to be shown.", [details]) from error
    return as_media(kind, text)


class PullEdit(Body):
    title: str | None = None
    body: str | None = None
    state: Literal["open", "closed"] | None = None
    base: str | None = None
    maintainer_can_modify: bool | None = None


@router.patch(PULLS + "/{pull_number}")
async def update_pull(at: AtPull, body: PullEdit) -> Response:
    world, caller, repository, pull = at.world, at.caller, at.repository, at.pull
    require_edit(world, caller, repository, at.issue)
    check_texts("PullRequest", body.title, body.body)
    if body.base is not None:
        await retarget(world, caller, repository, pull, body.base)
    if body.title is not None or body.given("body"):
        text = body.body or "" if body.given("body") else None
        edit_texts(world, caller, repository, at.issue, title=body.title, body=text)
    if body.maintainer_can_modify is not None and pull.head_repository_id != repository.id:
        pull.maintainer_can_modify = body.maintainer_can_modify
        world.tables.pulls.save(pull)
    if body.state == "closed":
        close_issue(world, caller, repository, at.issue)
    elif body.state == "open":
        await reopen_pull(world, caller, repository, pull)
    await refresh(world, pull)
    return reply(pull_view(world, pull))
