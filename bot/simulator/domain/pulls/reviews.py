"""Reviewing pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.simulator.domain.issues.issues import MAX_BODY
from bot.simulator.domain.issues.rights import require_unlocked
from bot.simulator.domain.issues.timeline import app_id_of
from bot.simulator.domain.pulls.anchors import Anchor, Remark, Unanchored, anchor
from bot.simulator.domain.pulls.pulls import refuse_actions
from bot.simulator.domain.pulls.review_comments import add_comment, drop_comment
from bot.simulator.domain.pulls.review_states import Verdict, publish, tell_review
from bot.simulator.domain.pulls.states import issue_of
from bot.simulator.errors import ApiError
from bot.simulator.identity.caller import Caller
from bot.simulator.records.pulls import PullRequest, Review
from bot.simulator.records.repositories import Repository
from bot.simulator.world import World


@dataclass(frozen=True)
class NewReview:
    """Without an `event` it stays pending; without a `commit` it is of the head."""

    body: str = ""
    event: Verdict | None = None
    commit: str | None = None
    remarks: Sequence[Remark] = ()


async def create_review(
    world: World, caller: Caller, repository: Repository, pull: PullRequest, new: NewReview
) -> Review:
    """Raises ApiError: 403 for who may not, 422 for what cannot be said or stands nowhere."""
    _check(world, caller, repository, pull, new.event, new.body, has_comments=bool(new.remarks))
    commit = new.commit or pull.head_sha
    await check_commit(world, repository, pull, commit)
    places = [await _place(world, pull, commit, remark) for remark in new.remarks]
    review = add_review(world, caller, repository, pull, commit, new.body)
    for remark, place in zip(new.remarks, places, strict=True):
        add_comment(world, caller, review, remark, place)
    if new.event is not None:
        publish(world, caller, repository, review, new.event)
    return review


async def check_commit(
    world: World, repository: Repository, pull: PullRequest, commit: str
) -> None:
    """Raises ApiError, 422, for a commit that is none of the pull request's."""
    if commit == pull.head_sha:
        return
    git = world.git(repository)
    if commit not in await git.shas_between(pull.compared_sha, pull.head_sha):
        raise unprocessable("The commit_id is not part of the pull request")


async def _place(world: World, pull: PullRequest, commit: str, remark: Remark) -> Anchor:
    check_body(remark.body)
    try:
        return await anchor(world, pull, commit, remark)
    except Unanchored as error:
        named = {"path": "Path could not be resolved"}
        said = f"Pull request review thread {error.field} must be part of the diff"
        raise unprocessable(named.get(error.field, said)) from error


def add_review(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    commit: str,
    body: str,
) -> Review:
    """A pending one. Raises ApiError, 422, when there is one of this caller already."""
    assert caller.actor is not None
    if pending_of(world, caller, pull) is not None:
        raise unprocessable("User can only have one pending review per pull request")
    return world.tables.reviews.add(
        Review(
            id=world.tables.next_id(),
            repository_id=repository.id,
            pull_id=pull.id,
            author_id=caller.actor.id,
            app_id=app_id_of(caller),
            body=body,
            state="PENDING",
            commit_id=commit,
            created_at=world.clock.now(),
        )
    )


def pending_of(world: World, caller: Caller, pull: PullRequest) -> Review | None:
    for review in world.tables.reviews.where("pull", pull.id):
        if review.state == "PENDING" and is_own(caller, review):
            return review
    return None


def is_own(caller: Caller, review: Review) -> bool:
    return caller.actor is not None and review.author_id == caller.actor.id


def submit_review(
    world: World,
    caller: Caller,
    repository: Repository,
    review: Review,
    event: Verdict,
    body: str | None,
) -> None:
    """Raises ApiError, 422, for one that is not pending."""
    pull = world.tables.pulls[review.pull_id]
    if review.state != "PENDING" or not is_own(caller, review):
        raise unprocessable("Can not submit a review that is not pending")
    text = review.body if body is None else body
    has_comments = bool(world.tables.review_comments.count("review", review.id))
    _check(world, caller, repository, pull, event, text, has_comments=has_comments)
    review.body = text
    publish(world, caller, repository, review, event)


def edit_review(
    world: World, caller: Caller, repository: Repository, review: Review, body: str
) -> None:
    """Only its author may."""
    if not is_own(caller, review):
        raise ApiError(403, "Must be the author of the review")
    check_body(body)
    before, review.body = review.body, body
    world.tables.reviews.save(review)
    if before != body and review.state != "PENDING":
        changes = {"body": {"from": before}}
        tell_review(world, "edited", caller, repository, review, changes=changes)


def delete_pending(world: World, caller: Caller, review: Review) -> None:
    """With its comments, of which nobody knew. Raises ApiError, 422."""
    if review.state != "PENDING" or not is_own(caller, review):
        raise unprocessable("Can not delete a non-pending pull request review")
    for comment in world.tables.review_comments.where("review", review.id):
        drop_comment(world, comment)
    world.tables.reviews.remove(review)


def _check(
    world: World,
    caller: Caller,
    repository: Repository,
    pull: PullRequest,
    event: Verdict | None,
    body: str,
    *,
    has_comments: bool,
) -> None:
    issue = issue_of(world, pull)
    require_unlocked(world, caller, repository, issue)
    if event == "APPROVE":
        refuse_actions(caller, repository)
    if caller.actor is not None and caller.actor.id == issue.author_id:
        if event == "APPROVE":
            raise unprocessable("Can not approve your own pull request")
        if event == "REQUEST_CHANGES":
            raise unprocessable("Can not request changes on your own pull request")
    needs_body = event == "REQUEST_CHANGES" or (event == "COMMENT" and not has_comments)
    if needs_body and not body.strip():
        raise unprocessable("Body can't be blank")
    if body:
        check_body(body)


def check_body(body: str) -> None:
    if not body.strip():
        raise unprocessable("Body can't be blank")
    if len(body) > MAX_BODY:
        raise unprocessable(f"Body is too long (maximum is {MAX_BODY} characters)")


def unprocessable(reason: str) -> ApiError:
    """How the API of reviews refuses."""
    return ApiError(422, "Unprocessable Entity", [reason])
