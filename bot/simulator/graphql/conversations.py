"""Issues, pull requests, their comments, reviews and threads, field by field."""

from __future__ import annotations

from typing import Any

from bot.simulator.clock import maybe_stamp, stamp
from bot.simulator.domain.issues.references import close_keywords, resolve_reference
from bot.simulator.domain.pulls.merge_state import deciding_reviews, merge_state, submission
from bot.simulator.domain.repositories.branch_rules import rules_for
from bot.simulator.domain.repositories.comparing import refresh
from bot.simulator.graphql.bounds import connection
from bot.simulator.graphql.objects import (
    Arguments,
    CommitRow,
    RefRow,
    commit_row,
    path_of,
    pull_state,
    ref_row,
    rollup,
)
from bot.simulator.graphql.reviews import AUTHORED, author_association
from bot.simulator.graphql.scope import Scope
from bot.simulator.nodes import node_id
from bot.simulator.records.issues import Comment, Issue
from bot.simulator.records.pulls import PullRequest
from bot.simulator.records.repositories import Repository
from bot.simulator.views.comments import comment_view
from bot.simulator.views.issues import issue_page
from bot.simulator.views.labels import labels_of


def _issue_of(scope: Scope, row: Issue | PullRequest | Comment) -> Issue:
    return row if isinstance(row, Issue) else scope.tables.issues[row.issue_id]


def _parent(scope: Scope, row: Issue, _: Arguments) -> Issue | None:
    parent: Issue | None = scope.seen(scope.tables.issues.get(row.parent_id))
    return parent


def _comments(scope: Scope, row: Issue | PullRequest, arguments: Arguments) -> dict[str, Any]:
    found = scope.tables.comments.where("issue", _issue_of(scope, row).id)
    return connection("comments", found, arguments)


def _labels(scope: Scope, row: Issue | PullRequest, arguments: Arguments) -> dict[str, Any]:
    return connection("labels", labels_of(scope.world, _issue_of(scope, row)), arguments)


def _assignees(scope: Scope, row: Issue | PullRequest, arguments: Arguments) -> dict[str, Any]:
    people = [scope.tables.accounts[id] for id in _issue_of(scope, row).assignee_ids]
    return connection("assignees", [p for p in people if p.type == "User"], arguments)


def _sub_issues(scope: Scope, row: Issue, arguments: Arguments) -> dict[str, Any]:
    children = [scope.tables.issues[id] for id in row.sub_issue_ids]
    return connection("subIssues", [c for c in children if scope.may_read(c)], arguments)


ISSUE_LIKE = {
    "number": lambda scope, row, _: row.number,
    "title": lambda scope, row, _: _issue_of(scope, row).title,
    "body": lambda scope, row, _: _issue_of(scope, row).body or "",
    "closed": lambda scope, row, _: _issue_of(scope, row).state == "closed",
    "closedAt": lambda scope, row, _: maybe_stamp(_issue_of(scope, row).closed_at),
    "author": lambda scope, row, _: scope.tables.accounts[_issue_of(scope, row).author_id],
    "authorAssociation": lambda scope, row, _: author_association(
        scope, row, _issue_of(scope, row).author_id
    ),
    "url": lambda scope, row, _: issue_page(scope.world, _issue_of(scope, row)),
    "resourcePath": lambda scope, row, _: path_of(
        scope.world, issue_page(scope.world, _issue_of(scope, row))
    ),
    "createdAt": lambda scope, row, _: stamp(row.created_at),
    "updatedAt": lambda scope, row, _: stamp(_issue_of(scope, row).updated_at),
    "locked": lambda scope, row, _: _issue_of(scope, row).locked,
    "repository": lambda scope, row, _: scope.repository_of(row),
    "labels": _labels,
    "assignees": _assignees,
    "comments": _comments,
}
ISSUE = ISSUE_LIKE | {
    "id": lambda scope, row, _: node_id("Issue", row.id),
    "databaseId": lambda scope, row, _: row.id,
    "state": lambda scope, row, _: row.state.upper(),
    "stateReason": lambda scope, row, _: row.state_reason and row.state_reason.upper(),
    "parent": _parent,
    "subIssues": _sub_issues,
}


def _comment_page(scope: Scope, row: Comment) -> str:
    return str(comment_view(scope.world, row)["html_url"])


COMMENT = AUTHORED | {
    "id": lambda scope, row, _: node_id("Comment", row.id),
    "url": lambda scope, row, _: _comment_page(scope, row),
    "issue": lambda scope, row, _: _issue_of(scope, row),
    "lastEditedAt": lambda scope, row, _: maybe_stamp(row.edited_at),
    "pullRequest": lambda scope, row, _: scope.tables.pulls.get(_issue_of(scope, row).pull_id),
}


async def _mergeable(scope: Scope, row: PullRequest, _: Arguments) -> str:
    await refresh(scope.world, row)
    if row.mergeable is None or row.merged:
        return "UNKNOWN"
    return "MERGEABLE" if row.mergeable else "CONFLICTING"


async def _merge_state(scope: Scope, row: PullRequest, _: Arguments) -> str:
    await refresh(scope.world, row)
    return merge_state(scope.world, row).upper()


def _decision(scope: Scope, row: PullRequest, _: Arguments) -> str | None:
    states = {review.state for review in deciding_reviews(scope.world, row)}
    if "CHANGES_REQUESTED" in states:
        return "CHANGES_REQUESTED"
    rules = rules_for(scope.world, scope.repository_of(row), row.base_ref)
    needed = max((rule.reviews or 0 for rule in rules), default=0)
    approvals = [r for r in deciding_reviews(scope.world, row) if r.state == "APPROVED"]
    if needed and len(approvals) < needed:
        return "REVIEW_REQUIRED"
    return "APPROVED" if approvals else None


async def _commits(scope: Scope, row: PullRequest, arguments: Arguments) -> dict[str, Any]:
    repository = scope.repository_of(row)
    git = scope.world.git(repository)
    commits = await git.commits_between(row.compared_sha, row.head_sha)
    rows = [{"commit": CommitRow(repository, commit), "pullRequest": row} for commit in commits]
    return connection("commits", rows, arguments)


def _reviews(scope: Scope, row: PullRequest, arguments: Arguments) -> dict[str, Any]:
    found = [r for r in scope.tables.reviews.where("pull", row.id) if scope.may_read(r)]
    if arguments.get("states"):
        found = [review for review in found if review.state in arguments["states"]]
    return connection("reviews", sorted(found, key=submission), arguments)


def _threads(scope: Scope, row: PullRequest, arguments: Arguments) -> dict[str, Any]:
    found = [t for t in scope.tables.threads.where("pull", row.id) if scope.may_read(t)]
    return connection("reviewThreads", found, arguments)


def _closing(scope: Scope, row: PullRequest, arguments: Arguments) -> dict[str, Any]:
    repository = scope.repository_of(row)
    named = close_keywords(_issue_of(scope, row).body or "")
    found = [resolve_reference(scope.world, repository, reference) for reference in named]
    issues = [pair[1] for pair in found if pair and pair[1].pull_id is None]
    shown = [issue for issue in issues if scope.may_read(issue)]
    return connection("closingIssuesReferences", shown, arguments)


PULL = ISSUE_LIKE | {
    "id": lambda scope, row, _: node_id("PullRequest", row.id),
    "databaseId": lambda scope, row, _: row.id,
    "fullDatabaseId": lambda scope, row, _: str(row.id),
    "state": lambda scope, row, _: pull_state(scope, row),
    "isDraft": lambda scope, row, _: row.draft,
    "mergedAt": lambda scope, row, _: maybe_stamp(row.merged_at),
    "mergedBy": lambda scope, row, _: scope.tables.accounts.get(row.merged_by_id),
    "headRefName": lambda scope, row, _: row.head_ref,
    "headRefOid": lambda scope, row, _: row.head_sha,
    "baseRefName": lambda scope, row, _: row.base_ref,
    "baseRefOid": lambda scope, row, _: row.base_sha,
    "headRef": lambda scope, row, _: _head_ref(scope, row),
    "baseRef": lambda scope, row, _: ref_row(
        scope, scope.repository_of(row), f"refs/heads/{row.base_ref}"
    ),
    "headRepository": lambda scope, row, _: _head_repository(scope, row),
    "baseRepository": lambda scope, row, _: scope.repository_of(row),
    "isCrossRepository": lambda scope, row, _: row.head_repository_id != row.repository_id,
    "maintainerCanModify": lambda scope, row, _: row.maintainer_can_modify,
    "mergeable": _mergeable,
    "mergeStateStatus": _merge_state,
    "mergeCommit": lambda scope, row, _: commit_row(
        scope, scope.repository_of(row), row.merge_commit_sha if row.merged else None
    ),
    "potentialMergeCommit": lambda scope, row, _: commit_row(
        scope, scope.repository_of(row), None if row.merged else row.merge_commit_sha
    ),
    "autoMergeRequest": lambda scope, row, _: None,
    "reviewDecision": _decision,
    "changedFiles": lambda scope, row, _: row.changed_files,
    "statusCheckRollup": lambda scope, row, _: rollup(
        scope, scope.repository_of(row), row.head_sha
    ),
    "commits": _commits,
    "reviews": _reviews,
    "reviewThreads": _threads,
    "closingIssuesReferences": _closing,
}


def _head_repository(scope: Scope, row: PullRequest) -> Repository | None:
    source: Repository | None = scope.seen(scope.tables.repositories.get(row.head_repository_id))
    return source


def _head_ref(scope: Scope, row: PullRequest) -> RefRow | None:
    source = _head_repository(scope, row)
    return None if source is None else ref_row(scope, source, f"refs/heads/{row.head_ref}")
