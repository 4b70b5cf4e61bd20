"""Reviews of pull requests."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from bot.simulator.domain.pulls.anchors import Remark
from bot.simulator.domain.pulls.merge_state import submission
from bot.simulator.domain.pulls.review_states import Verdict, dismiss
from bot.simulator.domain.pulls.reviews import (
    NewReview,
    create_review,
    delete_pending,
    edit_review,
    is_own,
    submit_review,
    unprocessable,
)
from bot.simulator.errors import not_found
from bot.simulator.records.pulls import Review, Side
from bot.simulator.rest.bodies import Body
from bot.simulator.rest.pulls.scope import AtNumber, AtPull
from bot.simulator.rest.replies import paginate, reply
from bot.simulator.rest.routing import router_for
from bot.simulator.views.reviews import review_comment_view, review_view

router = router_for("reviews")

REVIEWS = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"
REVIEW = REVIEWS + "/{review_id}"


class RemarkBody(Body):
    path: str
    body: str
    position: int | None = None
    line: int | None = None
    side: Side | None = None
    start_line: int | None = None
    start_side: Side | None = None

    @property
    def remark(self) -> Remark:
        return Remark(**self.model_dump())


class NewReviewBody(Body):
    commit_id: str | None = None
    body: str | None = None
    event: Verdict | None = None
    comments: list[RemarkBody] = Field(default_factory=list)


@router.get(REVIEWS)
async def list_reviews(at: AtPull, request: Request) -> Response:
    """In the order in which they were submitted; others' pending ones are not shown."""
    reviews = [r for r in at.world.tables.reviews.where("pull", at.pull.id) if _is_shown(at, r)]
    reviews.sort(key=submission)
    return paginate(request, reviews, lambda review: review_view(at.world, review))


def _is_shown(at: AtNumber, review: Review) -> bool:
    return review.state != "PENDING" or is_own(at.caller, review)


@router.post(REVIEWS)
async def create(at: AtPull, body: NewReviewBody) -> Response:
    at.here.require("pull_requests", "write", role="read")
    new = NewReview(
        body.body or "", body.event, body.commit_id, [each.remark for each in body.comments]
    )
    review = await create_review(at.world, at.caller, at.repository, at.pull, new)
    return reply(review_view(at.world, review))


def _review_at(at: AtNumber, id: int) -> Review:
    review = at.world.tables.reviews.get(id)
    if review is None or review.pull_id != at.pull.id or not _is_shown(at, review):
        raise not_found()
    return review


@router.get(REVIEW)
async def get_review(at: AtPull, review_id: int) -> Response:
    return reply(review_view(at.world, _review_at(at, review_id)))


class ReviewText(Body):
    body: str


@router.put(REVIEW)
async def update_review(at: AtPull, review_id: int, body: ReviewText) -> Response:
    at.here.require("pull_requests", "write", role="read")
    review = _review_at(at, review_id)
    edit_review(at.world, at.caller, at.repository, review, body.body)
    return reply(review_view(at.world, review))


@router.delete(REVIEW)
async def delete_review(at: AtPull, review_id: int) -> Response:
    at.here.require("pull_requests", "write", role="read")
    review = _review_at(at, review_id)
    shown = review_view(at.world, review)
    delete_pending(at.world, at.caller, review)
    return reply(shown)


@router.get(REVIEW + "/comments")
async def list_comments_of_review(at: AtPull, review_id: int, request: Request) -> Response:
    review = _review_at(at, review_id)
    comments = at.world.tables.review_comments.where("review", review.id)
    return paginate(request, comments, lambda each: review_comment_view(at.world, each))


class Dismissal(Body):
    message: str
    event: Literal["DISMISS"] = "DISMISS"


@router.put(REVIEW + "/dismissals")
async def dismiss_review(at: AtPull, review_id: int, body: Dismissal) -> Response:
    at.here.require("pull_requests", "write", role="write")
    if not body.message.strip():
        raise unprocessable("Message can't be blank")
    review = _review_at(at, review_id)
    dismiss(at.world, at.caller, at.repository, review, body.message)
    return reply(review_view(at.world, review))


class Submission(Body):
    body: str | None = None
    event: Verdict


@router.post(REVIEW + "/events")
async def submit(at: AtPull, review_id: int, body: Submission) -> Response:
    at.here.require("pull_requests", "write", role="read")
    review = _review_at(at, review_id)
    submit_review(at.world, at.caller, at.repository, review, body.event, body.body)
    return reply(review_view(at.world, review))
