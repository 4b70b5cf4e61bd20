"""Commits."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from starlette.responses import Response

from bot.simulator.clock import moment_in
from bot.simulator.errors import ApiError, not_found
from bot.simulator.git import EMPTY_TREE, Commit, UnknownObject
from bot.simulator.identity.emails import email_of
from bot.simulator.records.pulls import PullRequest
from bot.simulator.rest.replies import as_media, link_header, media_of, page_asked, paginate, reply
from bot.simulator.rest.repository.comparing import text_between
from bot.simulator.rest.repository.revisions import commit_named, require_commits
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.commits import commit_view, whole_commit_view
from bot.simulator.views.pulls import pull_simple_view

router = router_for("repos")

PULLS = "refs/pull/"
FILES = 300
"""On a page of a commit's files."""
MOST_FILES = 3000


class _Filters(TypedDict):
    path: str | None
    author: str | None
    committer: str | None
    since: datetime | None
    until: datetime | None


@router.get("/repos/{owner}/{repo}/commits")
async def list_commits(
    here: AtRepository,
    sha: str = "",
    path: str = "",
    author: str = "",
    committer: str = "",
    since: str = "",
    until: str = "",
) -> Response:
    here.require("contents", "read")
    require_commits(here)
    page, size = page_asked(here.request)
    revision = sha or here.repository.default_branch
    filters = _Filters(
        path=path or None,
        author=_address(here, author),
        committer=_address(here, committer),
        since=_moment("since", since),
        until=_moment("until", until),
    )
    try:
        total = await here.git.count(revision, **filters)
        found = await here.git.log(revision, **filters, skip=(page - 1) * size, limit=size)
    except UnknownObject as error:
        raise not_found() from error
    shown = [commit_view(here.world, here.repository, commit) for commit in found]
    links = link_header(here.request, page, -(-total // size))
    return reply(shown, headers={"link": links} if links else None)


@router.get("/repos/{owner}/{repo}/commits/{sha}/pulls")
async def list_pulls_with(here: AtRepository, sha: str) -> Response:
    """Those that brought the commit, or would."""
    here.require("pull_requests", "read")
    commit = await commit_named(here, sha)
    heads = set(await here.git.refs_with(commit, PULLS))
    rows = []
    for pull in here.tables.pulls.where("repository", here.repository.id):
        brought = pull.merged and pull.merge_commit_sha == commit
        if brought or (f"{PULLS}{pull.number}/head" in heads and await _adds(here, pull, commit)):
            rows.append(pull)
    return paginate(here.request, rows, lambda pull: pull_simple_view(here.world, pull))


async def _adds(here: Here, pull: PullRequest, commit: str) -> bool:
    return not await here.git.is_ancestor(commit, pull.start_sha or pull.base_sha)


@router.get("/repos/{owner}/{repo}/commits/{ref:path}")
async def get_commit(here: AtRepository, ref: str) -> Response:
    here.require("contents", "read")
    commit = await here.git.commit(await commit_named(here, ref))
    match media_of(here.request):
        case "sha":
            return as_media("sha", commit.sha)
        case "diff" | "patch" as media:
            return await text_between(here, media, _parent(commit), commit.sha)
    changes = await here.git.changes(_parent(commit), commit.sha, limit=MOST_FILES)
    page, size = page_asked(here.request, FILES)
    shown = changes[(page - 1) * size : page * size]
    links = link_header(here.request, page, -(-len(changes) // size))
    view = whole_commit_view(here.world, here.repository, commit, changes, shown)
    return reply(view, headers={"link": links} if links else None)


def _parent(commit: Commit) -> str:
    return commit.parents[0] if commit.parents else EMPTY_TREE


def _address(here: Here, person: str) -> str | None:
    """A login stands for the account's address; nobody for everybody."""
    account = here.tables.accounts.one("login", person.lower())
    return person or None if account is None else email_of(account)


def _moment(name: str, value: str) -> datetime | None:
    if not value:
        return None
    moment = moment_in(value.replace(" ", "+"))
    if moment is None:
        raise ApiError(422, f"{name} is not a valid ISO 8601 date")
    return moment
