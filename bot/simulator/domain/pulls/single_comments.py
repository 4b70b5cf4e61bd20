"""Review comments made one by one: each is a review of its own, submitted at once."""

from __future__ import annotations

from bot.simulator.domain.issues.rights import require_unlocked
from bot.simulator.domain.pulls.anchors import Remark, Unanchored, anchor
from bot.simulator.domain.pulls.publicity import is_published
from bot.simulator.domain.pulls.review_comments import (
    RESOURCE,
    add_comment,
    add_reply,
    check_text,
    first_of_thread,
)
from bot.simulator.domain.pulls.review_states import publish
from bot.simulator.domain.pulls.reviews import add_review, check_commit
from bot.simulator.domain.pulls.states import issue_of
from bot.simulator.errors import ApiError, invalid
from bot.simulator.identity.caller import Caller
from bot.simulator.records.pulls import PullRequest, ReviewComment
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


async def comment_at(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    commit: str,
    remark: Remark,
) -> ReviewComment:
    """Begins a thread. Raises ApiError: 403 in a locked conversation, 422."""
    require_unlocked(world, caller, repository, issue_of(world, pull))
    check_text(remark.body)
    await check_commit(world, repository, pull, commit)
    try:
        place = await anchor(world, pull, commit, remark)
    except Unanchored as error:
        raise _outside(error) from error
    review = add_review(world, caller, repository, pull, commit, "")
    comment = add_comment(world, caller, review, remark, place)
    publish(world, caller, repository, review, "COMMENT")
    return comment


def reply_to(
    world: World, caller: Caller, repository: Repository, comment: ReviewComment, body: str
) -> ReviewComment:
    """Goes on with the comment's thread. Raises ApiError: 403 in a locked conversation, 422."""
    pull = world.tables.pulls[comment.pull_id]
    require_unlocked(world, caller, repository, issue_of(world, pull))
    check_text(body)
    first = first_of_thread(world, comment)
    if not is_published(world, first):
        raise invalid(RESOURCE, "in_reply_to")
    review = add_review(world, caller, repository, pull, first.commit_id, "")
    added = add_reply(world, caller, review, first, body)
    publish(world, caller, repository, review, "COMMENT")
    return added


def _outside(error: Unanchored) -> ApiError:
    field = f"pull_request_review_thread.{error.field}"
    return ApiError(
        422,
        "Validation Failed",
        [
            {
                "resource": RESOURCE,
                "code": "custom",
                "field": field,
                "message": f"{field} must be part of the diff",
            },
            {
                "resource": RESOURCE,
                "code": "missing_field",
                "field": "pull_request_review_thread.diff_hunk",
            },
        ],
    )
