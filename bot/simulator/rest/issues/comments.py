"""Comments on issues."""

from __future__ import annotations

from starlette.responses import Response

from bot.simulator.domain.issues.comments import create_comment, delete_comment, edit_comment
from bot.simulator.domain.issues.rights import require_read
from bot.simulator.records.issues import Comment
from bot.simulator.rest.issues.bodies import Text
from bot.simulator.rest.issues.finding import comment_at, issue_at
from bot.simulator.rest.issues.listing import DIRECTIONS, choice, moment
from bot.simulator.rest.replies import created, no_content, paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.rest.scope import AtRepository, Here
from bot.simulator.views.comments import comment_view

router = router_for("issues")


@router.get("/repos/{owner}/{repo}/issues/comments")
async def list_comments_of_repository(here: AtRepository) -> Response:
    """In the order of their ids, unless sorted by a time, which then falls by default."""
    require_read(here.world, here.caller, here.repository)
    found = _since(here, here.tables.comments.where("repository", here.repository.id))
    query = here.request.query_params
    sort = choice(query, "sort", ("created", "updated"), "id")
    falling = choice(query, "direction", DIRECTIONS, "desc") == "desc"
    if sort != "id":
        field = f"{sort}_at"
        found = sorted(found, key=lambda c: (getattr(c, field), c.id), reverse=falling)
    return paginate(here.request, found, lambda comment: comment_view(here.world, comment))


@router.get("/repos/{owner}/{repo}/issues/comments/{comment_id}")
async def get_comment(here: AtRepository, comment_id: int) -> Response:
    return reply(comment_view(here.world, comment_at(here, comment_id)))


@router.patch("/repos/{owner}/{repo}/issues/comments/{comment_id}")
async def update_comment(here: AtRepository, comment_id: int, wanted: Text) -> Response:
    comment = comment_at(here, comment_id)
    edit_comment(here.world, here.caller, here.repository, comment, wanted.body)
    return reply(comment_view(here.world, comment))


@router.delete("/repos/{owner}/{repo}/issues/comments/{comment_id}")
async def remove_comment(here: AtRepository, comment_id: int) -> Response:
    comment = comment_at(here, comment_id)
    delete_comment(here.world, here.caller, here.repository, comment)
    return no_content()


@router.get("/repos/{owner}/{repo}/issues/{issue_number}/comments")
async def list_comments(here: AtRepository, issue_number: int) -> Response:
    issue = issue_at(here, issue_number)
    found = _since(here, here.tables.comments.where("issue", issue.id))
    return paginate(here.request, found, lambda comment: comment_view(here.world, comment))


@router.post("/repos/{owner}/{repo}/issues/{issue_number}/comments")
async def add_comment(here: AtRepository, issue_number: int, wanted: Text) -> Response:
    issue = issue_at(here, issue_number)
    comment = create_comment(here.world, here.caller, here.repository, issue, wanted.body)
    return created(comment_view(here.world, comment))


def _since(here: Here, comments: list[Comment]) -> list[Comment]:
    value = here.request.query_params.get("since")
    if not value:
        return comments
    since = moment(value, "IssueComment", "since")
    return [comment for comment in comments if comment.updated_at >= since]
