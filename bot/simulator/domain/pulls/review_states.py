"""What reviews come to: submitted, dismissed."""

from __future__ import annotations

from typing import Any, Literal

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.issues.timeline import note, touch
from bot.simulator.domain.pulls.states import issue_of
from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from bot.simulator.records.pulls import PullRequest, Review, ReviewComment, ReviewState
from bot.simulator.records.repositories import Repository
from bot.simulator.views.pulls import pull_simple_view
from bot.simulator.views.reviews import review_comment_view, review_payload
from bot.simulator.world import World

Verdict = Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]
STATES: dict[Verdict, ReviewState] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


def tell_review(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    review: Review,
    **extra: Any,
) -> None:
    pull = world.tables.pulls[review.pull_id]
    tell(
        world,
        "pull_request_review",
        action,
        caller,
        repository,
        review=review_payload(world, review),
        pull_request=pull_simple_view(world, pull),
        **extra,
    )


def tell_review_comment(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    comment: ReviewComment,
    **extra: Any,
) -> None:
    pull = world.tables.pulls[comment.pull_id]
    tell(
        world,
        "pull_request_review_comment",
        action,
        caller,
        repository,
        comment=review_comment_view(world, comment),
        pull_request=pull_simple_view(world, pull),
        **extra,
    )


def publish(
    world: World, caller: Caller, repository: Repository, review: Review, verdict: Verdict
) -> None:
    """Submits a review: it and its comments are told of, and its author is asked no more."""
    pull = world.tables.pulls[review.pull_id]
    review.state = STATES[verdict]
    review.submitted_at = world.clock.now()
    world.tables.reviews.save(review)
    if review.author_id in pull.requested_reviewer_ids:
        pull.requested_reviewer_ids.remove(review.author_id)
        world.tables.pulls.save(pull)
    touch(world, issue_of(world, pull))
    tell_review(world, "submitted", caller, repository, review)
    for comment in world.tables.review_comments.where("review", review.id):
        tell_review_comment(world, "created", caller, repository, comment)


def dismiss(
    world: World, caller: Caller, repository: Repository, review: Review, message: str | None
) -> None:
    """Raises ApiError, 422, for what is neither an approval nor a request of changes."""
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        kind = review.state.lower().replace("_", " ")
        said = f"Can not dismiss a {kind} pull request review"
        raise ApiError(422, "Unprocessable Entity", [said])
    was = review.state
    review.state = "DISMISSED"
    review.dismissal = message
    world.tables.reviews.save(review)
    issue = issue_of(world, world.tables.pulls[review.pull_id])
    touch(world, issue)
    dismissed = {"state": was.lower(), "review_id": review.id, "dismissal_message": message}
    note(world, issue, "review_dismissed", caller, dismissed_review=dismissed)
    tell_review(world, "dismissed", caller, repository, review)


def dismiss_stale(world: World, caller: Caller, repository: Repository, pull: PullRequest) -> None:
    """Approvals of commits that were pushed over, where the branch wants new ones then."""
    for review in world.tables.reviews.where("pull", pull.id):
        if review.state == "APPROVED" and review.commit_id != pull.head_sha:
            dismiss(world, caller, repository, review, None)
