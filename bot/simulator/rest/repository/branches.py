"""Branches and tags."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from bot.simulator.domain.repositories.branch_rules import rules_for
from bot.simulator.domain.repositories.branches import rename_branch
from bot.simulator.git import UnknownObject
from bot.simulator.nodes import git_node_id
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import paginate, reply
from bot.simulator.rest.repository.revisions import branch_tip, commit_named, require_push
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.branches import branch_view, listed_branch_view, whole_branch_view

router = router_for("repos")

TAGS = "refs/tags/"


class NewName(Body):
    new_name: str


@router.get("/repos/{owner}/{repo}/branches")
async def list_branches(here: AtRepository, protected: bool | None = None) -> Response:
    here.require("contents", "read")
    rows = list(here.git.branches().items())
    if protected is not None:
        rows = [row for row in rows if _view(here, row)["protected"] == protected]
    return paginate(
        here.request, rows, lambda row: listed_branch_view(here.world, here.repository, *row)
    )


@router.get("/repos/{owner}/{repo}/commits/{sha}/branches-where-head")
async def list_branches_at(here: AtRepository, sha: str) -> Response:
    here.require("contents", "read")
    commit = await commit_named(here, sha)
    return reply([_view(here, row) for row in here.git.branches().items() if row[1] == commit])


@router.post("/repos/{owner}/{repo}/branches/{branch:path}/rename")
async def rename(here: AtRepository, branch: str, body: NewName) -> Response:
    """The default branch and protected ones are renamed by administrators only."""
    require_push(here)
    protected = rules_for(here.world, here.repository, branch)
    if protected or branch == here.repository.default_branch:
        here.require("administration", "write", "admin")
    await rename_branch(here.world, here.caller, here.repository, branch, body.new_name)
    tip = await here.git.commit(await branch_tip(here, body.new_name))
    return reply(whole_branch_view(here.world, here.repository, body.new_name, tip), 201)


@router.get("/repos/{owner}/{repo}/branches/{branch:path}")
async def get_branch(here: AtRepository, branch: str) -> Response:
    here.require("contents", "read")
    tip = await here.git.commit(await branch_tip(here, branch))
    return reply(whole_branch_view(here.world, here.repository, branch, tip))


@router.get("/repos/{owner}/{repo}/tags")
async def list_tags(here: AtRepository) -> Response:
    """The newest names first, as GitHub sorts them."""
    here.require("contents", "read")
    names = sorted((n for n in here.git.refs() if n.startswith(TAGS)), reverse=True)
    commits = {name: await _peeled(here, name) for name in names}
    rows = [(name.removeprefix(TAGS), sha) for name, sha in commits.items() if sha]
    return paginate(here.request, rows, lambda row: _tag(here, *row))


async def _peeled(here: Here, name: str) -> str | None:
    try:
        return await here.git.resolve(name)
    except UnknownObject:
        return None


def _view(here: Here, row: tuple[str, str]) -> dict[str, Any]:
    return branch_view(here.world, here.repository, *row)


def _tag(here: Here, name: str, sha: str) -> dict[str, Any]:
    api = here.world.urls.repository(here.world.full_name(here.repository))
    return {
        "name": name,
        "zipball_url": f"{api}/zipball/{TAGS}{quote(name)}",
        "tarball_url": f"{api}/tarball/{TAGS}{quote(name)}",
        "commit": {"sha": sha, "url": f"{api}/commits/{sha}"},
        "node_id": git_node_id("ref", here.repository.id, TAGS + name),
    }
