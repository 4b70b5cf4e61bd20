"""Reviews, their comments and threads."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import stamp
from bot.simulator.domain.pulls.publicity import is_published
from bot.simulator.nodes import node_id
from bot.simulator.records.pulls import Review, ReviewComment, ReviewThread
from bot.simulator.views.accounts import maybe_account_view
from bot.simulator.views.associations import association
from bot.simulator.views.pulls import pull_page, pull_url
from bot.simulator.views.reactions import reaction_rollup
from bot.simulator.world import World


def review_view(world: World, review: Review) -> dict[str, Any]:
    pull = world.tables.pulls[review.pull_id]
    repository = world.tables.repositories[review.repository_id]
    page = f"{pull_page(world, pull)}#pullrequestreview-{review.id}"
    url = pull_url(world, pull)
    view = {
        "id": review.id,
        "node_id": node_id("Review", review.id),
        "user": maybe_account_view(world, review.author_id),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(world, repository, review.author_id),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": review.commit_id,
    }
    if review.submitted_at is not None:
        view["submitted_at"] = stamp(review.submitted_at)
    return view


def review_payload(world: World, review: Review) -> dict[str, Any]:
    """As webhooks show it: the state in small letters, an empty body as none."""
    return review_view(world, review) | {
        "state": review.state.lower(),
        "body": review.body or None,
    }


def review_comment_url(world: World, comment: ReviewComment) -> str:
    """In the API."""
    full_name = world.full_name(world.tables.repositories[comment.repository_id])
    return f"{world.urls.repository(full_name)}/pulls/comments/{comment.id}"


def review_comment_view(world: World, comment: ReviewComment) -> dict[str, Any]:
    pull = world.tables.pulls[comment.pull_id]
    repository = world.tables.repositories[comment.repository_id]
    url = review_comment_url(world, comment)
    page = f"{pull_page(world, pull)}#discussion_r{comment.id}"
    of_pull = pull_url(world, pull)
    view = {
        "url": url,
        "pull_request_review_id": comment.review_id,
        "id": comment.id,
        "node_id": node_id("ReviewComment", comment.id),
        "diff_hunk": comment.diff_hunk,
        "path": comment.path,
        "commit_id": comment.commit_id,
        "original_commit_id": comment.original_commit_id,
        "user": maybe_account_view(world, comment.author_id),
        "body": comment.body,
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "html_url": page,
        "pull_request_url": of_pull,
        "author_association": association(world, repository, comment.author_id),
        "_links": {
            "self": {"href": url},
            "html": {"href": page},
            "pull_request": {"href": of_pull},
        },
        "reactions": reaction_rollup(world, "review_comment", comment.id, url),
        **_place(comment),
    }
    if comment.in_reply_to_id is not None:
        view["in_reply_to_id"] = comment.in_reply_to_id
    return view


def _place(comment: ReviewComment) -> dict[str, Any]:
    return {
        "start_line": comment.start_line,
        "original_start_line": comment.original_start_line,
        "start_side": comment.start_side,
        "line": comment.line,
        "original_line": comment.original_line,
        "side": comment.side,
        "original_position": comment.original_position,
        "position": comment.position,
        "subject_type": comment.subject_type,
    }


def thread_view(world: World, thread: ReviewThread) -> dict[str, Any]:
    """As webhooks show it."""
    comments = world.tables.review_comments.where("thread", thread.id)
    return {
        "node_id": node_id("ReviewThread", thread.id),
        "comments": [review_comment_view(world, c) for c in comments if is_published(world, c)],
    }
