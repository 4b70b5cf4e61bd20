"""Reviews and threads, field by field."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import maybe_stamp, stamp
from bot.simulator.domain.issues.rights import may_write
from bot.simulator.graphql.bounds import connection
from bot.simulator.graphql.objects import Arguments, commit_row
from bot.simulator.graphql.scope import Scope
from bot.simulator.nodes import node_id
from bot.simulator.records.issues import Issue
from bot.simulator.records.pulls import PullRequest, Review, ReviewComment, ReviewThread
from bot.simulator.records.repositories import Role
from bot.simulator.views.associations import association
from bot.simulator.views.reviews import review_comment_view, review_view


def author_association(scope: Scope, row: Any, author_id: int) -> str:
    return association(scope.world, scope.repository_of(row), author_id)


def comments_shown(scope: Scope, thread: ReviewThread) -> list[ReviewComment]:
    """The comments that the viewer sees."""
    comments = scope.tables.review_comments.where("thread", thread.id)
    return [comment for comment in comments if scope.may_read(comment)]


AUTHORED = {
    "databaseId": lambda scope, row, _: row.id,
    "fullDatabaseId": lambda scope, row, _: str(row.id),
    "author": lambda scope, row, _: scope.tables.accounts[row.author_id],
    "authorAssociation": lambda scope, row, _: author_association(scope, row, row.author_id),
    "createdAt": lambda scope, row, _: stamp(row.created_at),
    "updatedAt": lambda scope, row, _: stamp(row.updated_at),
    "isMinimized": lambda scope, row, _: row.minimized is not None,
    "minimizedReason": lambda scope, row, _: row.minimized,
    "repository": lambda scope, row, _: scope.repository_of(row),
}


def _pull_of(scope: Scope, row: Review | ReviewThread | ReviewComment, _: Arguments) -> PullRequest:
    return scope.tables.pulls[row.pull_id]


def _comments_of_review(scope: Scope, row: Review, arguments: Arguments) -> dict[str, Any]:
    return connection("comments", scope.tables.review_comments.where("review", row.id), arguments)


REVIEW = AUTHORED | {
    "id": lambda scope, row, _: node_id("Review", row.id),
    "url": lambda scope, row, _: review_view(scope.world, row)["html_url"],
    "updatedAt": lambda scope, row, _: stamp(row.submitted_at or row.created_at),
    "submittedAt": lambda scope, row, _: maybe_stamp(row.submitted_at),
    "commit": lambda scope, row, _: commit_row(scope, scope.repository_of(row), row.commit_id),
    "pullRequest": _pull_of,
    "comments": _comments_of_review,
}


def _first(scope: Scope, row: ReviewThread) -> ReviewComment:
    return scope.tables.review_comments.where("thread", row.id)[0]


def _issue_of(scope: Scope, row: ReviewThread) -> Issue:
    return scope.tables.issues[scope.tables.pulls[row.pull_id].issue_id]


def _may_reply(scope: Scope, row: ReviewThread) -> bool:
    issue = _issue_of(scope, row)
    role: Role = "write" if issue.locked else "read"
    return may_write(scope.world, scope.caller, scope.repository_of(row), role, issue)


def _may_resolve(scope: Scope, row: ReviewThread) -> bool:
    issue = _issue_of(scope, row)
    role: Role = "read" if issue.author_id == scope.actor().id else "write"
    return may_write(scope.world, scope.caller, scope.repository_of(row), role, issue)


THREAD = {
    "id": lambda scope, row, _: node_id("ReviewThread", row.id),
    "isResolved": lambda scope, row, _: row.resolved,
    "isCollapsed": lambda scope, row, _: row.resolved,
    "isOutdated": lambda scope, row, _: _first(scope, row).position is None,
    "line": lambda scope, row, _: _first(scope, row).line,
    "startLine": lambda scope, row, _: _first(scope, row).start_line,
    "originalLine": lambda scope, row, _: _first(scope, row).original_line,
    "originalStartLine": lambda scope, row, _: _first(scope, row).original_start_line,
    "diffSide": lambda scope, row, _: _first(scope, row).side,
    "startDiffSide": lambda scope, row, _: _first(scope, row).start_side,
    "subjectType": lambda scope, row, _: _first(scope, row).subject_type.upper(),
    "resolvedBy": lambda scope, row, _: scope.tables.accounts.get(row.resolved_by_id),
    "viewerCanReply": lambda scope, row, _: _may_reply(scope, row),
    "viewerCanResolve": lambda scope, row, _: not row.resolved and _may_resolve(scope, row),
    "viewerCanUnresolve": lambda scope, row, _: row.resolved and _may_resolve(scope, row),
    "pullRequest": _pull_of,
    "repository": lambda scope, row, _: scope.repository_of(row),
    "comments": lambda scope, row, arguments: connection(
        "comments", comments_shown(scope, row), arguments
    ),
}
REVIEW_COMMENT = AUTHORED | {
    "id": lambda scope, row, _: node_id("ReviewComment", row.id),
    "url": lambda scope, row, _: review_comment_view(scope.world, row)["html_url"],
    "outdated": lambda scope, row, _: row.position is None,
    "subjectType": lambda scope, row, _: row.subject_type.upper(),
    "state": lambda scope, row, _: (
        "PENDING" if scope.tables.reviews[row.review_id].state == "PENDING" else "SUBMITTED"
    ),
    "commit": lambda scope, row, _: commit_row(scope, scope.repository_of(row), row.commit_id),
    "originalCommit": lambda scope, row, _: commit_row(
        scope, scope.repository_of(row), row.original_commit_id
    ),
    "replyTo": lambda scope, row, _: scope.tables.review_comments.get(row.in_reply_to_id),
    "pullRequest": _pull_of,
    "pullRequestReview": lambda scope, row, _: scope.tables.reviews.get(row.review_id),
}
