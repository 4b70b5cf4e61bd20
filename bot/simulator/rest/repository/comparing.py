"""Comparing commits, and merging branches without a pull request."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.domain.repositories.networks import resolve_across
from bot.simulator.domain.repositories.pushed import HEADS
from bot.simulator.domain.repositories.refs import change_refs
from bot.simulator.domain.repositories.writing import writing
from bot.simulator.errors import ApiError, not_found
from bot.simulator.git import (
    MergeConflict,
    ObjectInvalid,
    RefChange,
    TooLarge,
    UnknownObject,
    merge_commit,
)
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.replies import as_media, link_header, media_of, page_asked, reply
from bot.simulator.rest.repository.persons import caller_as_person
from bot.simulator.rest.repository.revisions import require_commits, require_push
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.commits import commit_view
from bot.simulator.views.comparisons import Compared, comparison_view

router = router_for("repos")

MOST_FILES = 300
COMMITS = 250
"""On a page that was not asked for."""


class Merge(Body):
    base: str
    head: str
    commit_message: str | None = None


@router.get("/repos/{owner}/{repo}/compare/{basehead:path}")
async def compare(here: AtRepository, basehead: str) -> Response:
    """`base...head` shows what head did since it left base, `base..head` all that differs."""
    here.require("contents", "read")
    require_commits(here)
    since_base = "..." in basehead
    base, separator, head = basehead.partition("..." if since_base else "..")
    if not (base and separator and head):
        raise not_found()
    old, new = await _commit(here, base), await _commit(here, head)
    start = await here.git.merge_base(old, new)
    if start is None:
        raise ApiError(404, f"No common ancestor between {base[:100]} and {head[:100]}.")
    if (media := media_of(here.request)) in ("diff", "patch"):
        return await text_between(here, media, start if since_base else old, new)
    page, size = page_asked(here.request, COMMITS)
    found = await _compared(here, basehead, (old, new, start), start if since_base else old)
    links = link_header(here.request, page, -(-found.ahead // size))
    view = comparison_view(here.world, here.repository, found)
    return reply(view, headers={"link": links} if links else None)


@router.post("/repos/{owner}/{repo}/merges")
async def merge(here: AtRepository, body: Merge) -> Response:
    require_push(here)
    require_commits(here)
    git = here.git
    name = HEADS + body.base.removeprefix(HEADS)
    async with writing(here.world, here.repository):
        base = git.ref(name)
        if base is None:
            raise ApiError(404, "Base does not exist")
        try:
            head = await git.resolve(body.head)
        except UnknownObject as error:
            raise ApiError(404, "Head does not exist") from error
        if await git.is_ancestor(head, base):
            return Response(status_code=204)
        person = caller_as_person(here)
        message = body.commit_message or f"Merge {body.head} into {body.base}"
        try:
            sha = await merge_commit(
                git, base, head, author=person, committer=person, message=message
            )
        except MergeConflict as error:
            raise ApiError(409, "Merge conflict") from error
        except ObjectInvalid as error:
            raise ApiError(422, str(error)) from error
        change = RefChange(name, base, sha)
        await change_refs(here.world, here.caller, here.repository, [change])
        made = await git.commit(sha)
    return reply(commit_view(here.world, here.repository, made), 201)


async def _commit(here: Here, revision: str) -> str:
    try:
        return await resolve_across(here.world, here.caller, here.repository, revision)
    except UnknownObject as error:
        raise not_found() from error


async def text_between(here: Here, media: str, old: str, new: str) -> Response:
    """As diff or as patch.

    Raises:
        ApiError: 406 for one that is too large.
    """
    write = here.git.diff_text if media == "diff" else here.git.patch_text
    try:
        return as_media(media, await write(old, new))
    except TooLarge as error:
        reason = "Sorry, the diff exceeded the maximum size."
        raise ApiError(406, reason, [{"resource": "Commit", "code": "too_large"}]) from error


async def _compared(here: Here, basehead: str, tips: tuple[str, str, str], since: str) -> Compared:
    """The files come with the first page only."""
    git = here.git
    old, new, start = tips
    page, size = page_asked(here.request, COMMITS)
    ahead, behind = await git.ahead_behind(old, new)
    skip = (page - 1) * size
    return Compared(
        basehead,
        await git.commit(old),
        await git.commit(new),
        await git.commit(start),
        ahead,
        behind,
        await git.commits_between(old, new, skip=skip, limit=size),
        await git.changes(since, new, limit=MOST_FILES) if page == 1 else [],
    )
