"""Merging, updating from the base, and what a pull request consists of."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.domain.pulls.edits import request_reviewers, unrequest_reviewers
from bot.simulator.domain.pulls.merges import Wish, merge_pull, update_branch
from bot.simulator.domain.repositories.comparing import MOST_FILES, refresh
from bot.simulator.errors import not_found
from bot.simulator.git import EMPTY_TREE
from bot.simulator.identity.rights import require
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.pulls.scope import AtPull
from bot.simulator.rest.replies import created, no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.views.accounts import account_view
from bot.simulator.views.commits import commit_view, file_change_view
from bot.simulator.views.pulls import pull_page, pull_simple_view
from bot.simulator.world import World

router = router_for("pulls")

PULL = "/repos/{owner}/{repo}/pulls/{pull_number}"
MOST_COMMITS = 250


@router.get(PULL + "/files")
async def list_files(at: AtPull, request: Request) -> Response:
    await refresh(at.world, at.pull)
    pull = at.pull
    start = pull.start_sha or EMPTY_TREE
    changes = await at.here.git.changes(start, pull.head_sha, limit=MOST_FILES)
    return paginate(
        request,
        changes,
        lambda change: file_change_view(at.world, at.repository, pull.head_sha, change),
    )


@router.get(PULL + "/commits")
async def list_commits(at: AtPull, request: Request) -> Response:
    await refresh(at.world, at.pull)
    git = at.here.git
    commits = await git.commits_between(at.pull.compared_sha, at.pull.head_sha, limit=MOST_COMMITS)
    return paginate(request, commits, lambda commit: commit_view(at.world, at.repository, commit))


@router.get(PULL + "/merge")
async def is_merged(at: AtPull) -> Response:
    if not at.pull.merged:
        raise not_found()
    return no_content()


class MergeWish(Body):
    commit_title: str | None = None
    commit_message: str | None = None
    sha: str | None = None
    merge_method: Literal["merge", "squash", "rebase"] = "merge"


@router.put(PULL + "/merge")
async def merge(at: AtPull, body: MergeWish) -> Response:
    at.here.require("contents", "write", role="write")
    wish = Wish(body.merge_method, body.commit_title, body.commit_message, body.sha)
    sha = await merge_pull(at.world, at.caller, at.repository, at.pull, wish)
    return reply({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


class BranchUpdate(Body):
    expected_head_sha: str | None = None


@router.put(PULL + "/update-branch")
async def update(at: AtPull, body: BranchUpdate) -> Response:
    source = at.world.tables.repositories.get(at.pull.head_repository_id)
    at.here.require("pull_requests", "write", role="read")
    if source is not None:
        own_fork = source.id != at.repository.id and at.pull.maintainer_can_modify
        target = at.repository if own_fork else source
        require(at.world.tables, at.caller, target, "contents", "write")
    await update_branch(at.world, at.caller, at.repository, at.pull, body.expected_head_sha)
    url = pull_page(at.world, at.pull)
    return reply({"message": "Updating pull request branch.", "url": quote(url, safe=":/")}, 202)


class Reviewers(Body):
    reviewers: list[str] = Field(default_factory=list)
    team_reviewers: list[str] = Field(default_factory=list)


@router.get(PULL + "/requested_reviewers")
async def list_reviewers(at: AtPull) -> Response:
    return reply({"users": _people(at.world, at.pull.requested_reviewer_ids), "teams": []})


def _people(world: World, ids: list[int]) -> list[dict[str, object]]:
    return [account_view(world, world.tables.accounts[id]) for id in ids]


@router.post(PULL + "/requested_reviewers")
async def ask_reviewers(at: AtPull, body: Reviewers) -> Response:
    at.here.require("pull_requests", "write", role="write")
    request_reviewers(at.world, at.caller, at.repository, at.pull, body.reviewers)
    return created(pull_simple_view(at.world, at.pull))


@router.delete(PULL + "/requested_reviewers")
async def unask_reviewers(at: AtPull, body: Reviewers) -> Response:
    at.here.require("pull_requests", "write", role="write")
    unrequest_reviewers(at.world, at.caller, at.repository, at.pull, body.reviewers)
    return reply(pull_simple_view(at.world, at.pull))
