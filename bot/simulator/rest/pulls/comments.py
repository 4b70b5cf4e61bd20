"""Review comments: those at lines of a diff."""

from __future__ import annotations

from typing import Any, Literal

from starlette.responses import Response

from bot.simulator.domain.pulls.anchors import Remark
from bot.simulator.domain.pulls.publicity import is_published
from bot.simulator.domain.pulls.review_comments import delete_review_comment, edit_review_comment
from bot.simulator.domain.pulls.single_comments import comment_at, reply_to
from bot.simulator.errors import ApiError, not_found
from bot.simulator.records.pulls import ReviewComment, Side
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.issues.listing import moment
from bot.simulator.rest.pulls.scope import AtNumber, AtPull, review_comment_at
from bot.simulator.rest.replies import created, no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.reviews import review_comment_view

router = router_for("reviews")

COMMENTS = "/repos/{owner}/{repo}/pulls/comments"
OF_PULL = "/repos/{owner}/{repo}/pulls/{pull_number}/comments"


@router.get(COMMENTS)
async def list_all(here: AtRepository) -> Response:
    here.require("pull_requests", "read")
    comments = here.tables.review_comments.where("repository", here.repository.id)
    return _listed(here, comments)


@router.get(OF_PULL)
async def list_of_pull(at: AtPull) -> Response:
    return _listed(at.here, at.world.tables.review_comments.where("pull", at.pull.id))


def _listed(here: Here, comments: list[ReviewComment]) -> Response:
    """The oldest first, unless asked otherwise; those of pending reviews are not there yet."""
    asked = here.request.query_params
    since = (
        moment(asked["since"], "PullRequestReviewComment", "since") if "since" in asked else None
    )
    found = [
        comment
        for comment in comments
        if is_published(here.world, comment) and (since is None or comment.updated_at >= since)
    ]
    by_update = asked.get("sort") == "updated"
    found.sort(
        key=lambda c: (c.updated_at if by_update else c.created_at, c.id),
        reverse="sort" in asked and asked.get("direction") == "desc",
    )
    return paginate(here.request, found, lambda each: review_comment_view(here.world, each))


@router.get(COMMENTS + "/{comment_id}")
async def get_comment(here: AtRepository, comment_id: int) -> Response:
    return reply(review_comment_view(here.world, review_comment_at(here, comment_id)))


class CommentText(Body):
    body: str


@router.patch(COMMENTS + "/{comment_id}")
async def update_comment(here: AtRepository, comment_id: int, body: CommentText) -> Response:
    comment = review_comment_at(here, comment_id)
    edit_review_comment(here.world, here.caller, here.repository, comment, body.body)
    return reply(review_comment_view(here.world, comment))


@router.delete(COMMENTS + "/{comment_id}")
async def delete_comment(here: AtRepository, comment_id: int) -> Response:
    comment = review_comment_at(here, comment_id)
    delete_review_comment(here.world, here.caller, here.repository, comment)
    return no_content()


class NewComment(Body):
    body: str
    commit_id: str | None = None
    path: str | None = None
    position: int | None = None
    side: Side | None = None
    line: int | None = None
    start_line: int | None = None
    start_side: Side | None = None
    in_reply_to: int | None = None
    subject_type: Literal["line", "file"] = "line"


@router.post(OF_PULL)
async def create_comment(at: AtPull, body: NewComment) -> Response:
    at.here.require("pull_requests", "write", role="read")
    if body.in_reply_to is not None:
        return await _reply(at, body.in_reply_to, body.body)
    missing = [name for name in ("commit_id", "path") if getattr(body, name) is None]
    if missing:
        said = "\n".join(f'"{name}" wasn\'t supplied.' for name in missing)
        raise ApiError(422, f"Invalid request.\n\n{said}")
    given: dict[str, Any] = body.model_dump(exclude={"commit_id", "in_reply_to"})
    comment = await comment_at(
        at.world, at.caller, at.repository, at.pull, body.commit_id or "", Remark(**given)
    )
    return created(review_comment_view(at.world, comment))


@router.post(OF_PULL + "/{comment_id}/replies")
async def create_reply(at: AtPull, comment_id: int, body: CommentText) -> Response:
    at.here.require("pull_requests", "write", role="read")
    return await _reply(at, comment_id, body.body)


async def _reply(at: AtNumber, id: int, text: str) -> Response:
    first = at.world.tables.review_comments.get(id)
    if first is None or first.pull_id != at.pull.id:
        raise not_found()
    comment = reply_to(at.world, at.caller, at.repository, first, text)
    return created(review_comment_view(at.world, comment))
