"""Comments at lines of a diff, and their threads."""

from __future__ import annotations

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.issues.issues import MAX_BODY
from bot.simulator.domain.issues.reactions import forget_reactions
from bot.simulator.domain.issues.rights import is_author, require_write
from bot.simulator.domain.issues.timeline import app_id_of, touch
from bot.simulator.domain.pulls.anchors import Anchor, Remark
from bot.simulator.domain.pulls.publicity import is_published
from bot.simulator.domain.pulls.review_states import tell_review_comment
from bot.simulator.domain.pulls.states import issue_of
from bot.simulator.errors import invalid, too_long
from bot.simulator.identity.caller import Caller
from bot.simulator.identity.rights import require
from bot.simulator.records.pulls import Review, ReviewComment, ReviewThread
from bot.simulator.records.repositories import Repository, Role
from bot.simulator.views.pulls import pull_simple_view
from bot.simulator.views.reviews import thread_view
from bot.simulator.world import World

RESOURCE = "PullRequestReviewComment"


def add_comment(
    world: World, caller: Caller, review: Review, remark: Remark, place: Anchor
) -> ReviewComment:
    """The first comment of a new thread; nobody is told before the review is submitted."""
    thread = world.tables.threads.add(
        ReviewThread(
            id=world.tables.next_id(),
            repository_id=review.repository_id,
            pull_id=review.pull_id,
            path=remark.path,
        )
    )
    now = world.clock.now()
    return world.tables.review_comments.add(
        ReviewComment(
            id=world.tables.next_id(),
            repository_id=review.repository_id,
            pull_id=review.pull_id,
            review_id=review.id,
            thread_id=thread.id,
            author_id=review.author_id,
            app_id=app_id_of(caller),
            body=remark.body,
            path=remark.path,
            commit_id=review.commit_id,
            original_commit_id=review.commit_id,
            diff_hunk=place.hunk,
            subject_type=remark.subject_type,
            position=place.position,
            original_position=place.position,
            line=place.line,
            original_line=place.line,
            side=place.side,
            start_line=place.start_line,
            original_start_line=place.start_line,
            start_side=place.start_side,
            created_at=now,
            updated_at=now,
        )
    )


def add_reply(
    world: World, caller: Caller, review: Review, first: ReviewComment, body: str
) -> ReviewComment:
    """At the same lines as the thread's first comment."""
    now = world.clock.now()
    changed = {
        "id": world.tables.next_id(),
        "review_id": review.id,
        "in_reply_to_id": first.id,
        "author_id": review.author_id,
        "app_id": app_id_of(caller),
        "body": body,
        "minimized": None,
        "created_at": now,
        "updated_at": now,
    }
    return world.tables.review_comments.add(first.model_copy(update=changed))


def first_of_thread(world: World, comment: ReviewComment) -> ReviewComment:
    return world.tables.review_comments.where("thread", comment.thread_id)[0]


def edit_review_comment(
    world: World, caller: Caller, repository: Repository, comment: ReviewComment, body: str
) -> None:
    """Raises ApiError: 403 for who neither wrote it nor may write here, 422."""
    require_own(world, caller, repository, comment)
    check_text(body)
    if body == comment.body:
        return
    changes = {"body": {"from": comment.body}}
    comment.body = body
    comment.updated_at = world.clock.now()
    world.tables.review_comments.save(comment)
    touch(world, issue_of(world, world.tables.pulls[comment.pull_id]))
    if is_published(world, comment):
        tell_review_comment(world, "edited", caller, repository, comment, changes=changes)


def check_text(body: str) -> None:
    """Raises ApiError, 422."""
    if not body.strip():
        raise invalid(RESOURCE, "body", "missing_field")
    if len(body) > MAX_BODY:
        raise too_long(RESOURCE, "body", MAX_BODY)


def delete_review_comment(
    world: World, caller: Caller, repository: Repository, comment: ReviewComment
) -> None:
    """Raises ApiError, 403."""
    require_own(world, caller, repository, comment)
    if is_published(world, comment):
        tell_review_comment(world, "deleted", caller, repository, comment)
    drop_comment(world, comment)


def drop_comment(world: World, comment: ReviewComment) -> None:
    """With its reactions and, if it was the last one, its thread; nobody is told."""
    world.tables.review_comments.remove(comment)
    forget_reactions(world, "review_comment", comment.id)
    if not world.tables.review_comments.count("thread", comment.thread_id):
        world.tables.threads.remove(world.tables.threads[comment.thread_id])


def require_own(
    world: World, caller: Caller, repository: Repository, comment: ReviewComment
) -> None:
    issue = issue_of(world, world.tables.pulls[comment.pull_id])
    role: Role = "read" if is_author(caller, comment.author_id) else "write"
    require_write(world, caller, repository, role, issue)


def resolve_thread(
    world: World, caller: Caller, repository: Repository, thread: ReviewThread, resolved: bool
) -> None:
    """Resolves or unresolves; nothing happens where it is so already.

    Raises ApiError, 403, for who is neither the pull request's author nor may write.
    """
    pull = world.tables.pulls[thread.pull_id]
    own = is_author(caller, issue_of(world, pull).author_id)
    require(world.tables, caller, repository, "pull_requests", "write", "read" if own else "write")
    if thread.resolved == resolved:
        return
    assert caller.actor is not None
    thread.resolved = resolved
    thread.resolved_by_id = caller.actor.id if resolved else None
    world.tables.threads.save(thread)
    tell(
        world,
        "pull_request_review_thread",
        "resolved" if resolved else "unresolved",
        caller,
        repository,
        pull_request=pull_simple_view(world, pull),
        thread=thread_view(world, thread),
    )
