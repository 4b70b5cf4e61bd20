"""What can be changed by GraphQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from bot.simulator.domain.issues.comments import minimize_comment, unminimize_comment
from bot.simulator.domain.issues.rights import require_write
from bot.simulator.domain.pulls.review_comments import add_reply, require_own, resolve_thread
from bot.simulator.domain.pulls.reviews import check_body
from bot.simulator.domain.pulls.single_comments import reply_to
from bot.simulator.domain.pulls.states import is_open, issue_of, set_draft
from bot.simulator.domain.repositories.refs import change_refs
from bot.simulator.errors import ApiError
from bot.simulator.git import NULL_SHA, RefChange, RefMoved
from bot.simulator.graphql.refusals import Refused, no_node
from bot.simulator.graphql.scope import Scope
from bot.simulator.identity.rights import require
from bot.simulator.records.issues import Comment
from bot.simulator.records.pulls import PullRequest, Review, ReviewComment, ReviewThread
from bot.simulator.records.repositories import Repository, Role

Input = dict[str, Any]
Change = Callable[[Scope, Input], Input | Awaitable[Input]]


def _draft(draft: bool) -> Change:
    def change(scope: Scope, given: Input) -> Input:
        pull: PullRequest = scope.node_of(PullRequest, given["pullRequestId"])
        repository = scope.repository_of(pull)
        issue = issue_of(scope.world, pull)
        own = issue.author_id == scope.actor().id
        role: Role = "read" if own else "write"
        require(scope.tables, scope.caller, repository, "pull_requests", "write", role)
        if not is_open(scope.world, pull):
            raise Refused("UNPROCESSABLE", "The pull request is closed.")
        set_draft(scope.world, scope.caller, repository, pull, draft)
        return {"pullRequest": pull}

    return change


def _subject(scope: Scope, id: str) -> Comment | ReviewComment | Review:
    row = scope.node(id)
    if not isinstance(row, Comment | ReviewComment | Review):
        raise no_node(id)
    return row


def _set_minimized(scope: Scope, row: Comment | ReviewComment | Review, reason: str | None) -> None:
    """Its author may, and who has write access."""
    repository = scope.repository_of(row)
    if isinstance(row, Comment):
        if reason is None:
            unminimize_comment(scope.world, scope.caller, repository, row)
        else:
            minimize_comment(scope.world, scope.caller, repository, row, reason)
        return
    if isinstance(row, ReviewComment):
        require_own(scope.world, scope.caller, repository, row)
        row.minimized = reason
        scope.tables.review_comments.save(row)
        return
    own = row.author_id == scope.actor().id
    issue = issue_of(scope.world, scope.tables.pulls[row.pull_id])
    require_write(scope.world, scope.caller, repository, "read" if own else "write", issue)
    row.minimized = reason
    scope.tables.reviews.save(row)


def _minimize(scope: Scope, given: Input) -> Input:
    row = _subject(scope, given["subjectId"])
    _set_minimized(scope, row, given["classifier"].lower().replace("_", "-"))
    return {"minimizedComment": row}


def _unminimize(scope: Scope, given: Input) -> Input:
    row = _subject(scope, given["subjectId"])
    _set_minimized(scope, row, None)
    return {"unminimizedComment": row}


def _resolved(resolved: bool) -> Change:
    def change(scope: Scope, given: Input) -> Input:
        thread: ReviewThread = scope.node_of(ReviewThread, given["threadId"])
        repository = scope.repository_of(thread)
        resolve_thread(scope.world, scope.caller, repository, thread, resolved)
        return {"thread": thread}

    return change


def _reply(scope: Scope, given: Input) -> Input:
    """At once, or with the pending review that is named."""
    thread: ReviewThread = scope.node_of(ReviewThread, given["pullRequestReviewThreadId"])
    repository = scope.repository_of(thread)
    require(scope.tables, scope.caller, repository, "pull_requests", "write", "read")
    first = scope.tables.review_comments.where("thread", thread.id)[0]
    named, body = given.get("pullRequestReviewId"), given["body"]
    if named is None:
        return {"comment": reply_to(scope.world, scope.caller, repository, first, body)}
    review: Review = scope.node_of(Review, named)
    if review.state != "PENDING" or review.pull_id != thread.pull_id:
        raise Refused("UNPROCESSABLE", "The review is not pending on this pull request")
    check_body(body)
    return {"comment": add_reply(scope.world, scope.caller, review, first, body)}


def _auto_merge(scope: Scope, given: Input) -> Input:
    """Auto-merge itself is not played; where it is off, GitHub refuses in these words."""
    pull: PullRequest = scope.node_of(PullRequest, given["pullRequestId"])
    repository = scope.repository_of(pull)
    require(scope.tables, scope.caller, repository, "pull_requests", "write", "write")
    if not repository.allow_auto_merge:
        raise Refused("UNPROCESSABLE", "Auto merge is not allowed for this repository")
    raise Refused("UNPROCESSABLE", "Pull request Auto merge is not available here")


async def _update_refs(scope: Scope, given: Input) -> Input:
    """All of them or none."""
    repository: Repository = scope.node_of(Repository, given["repositoryId"])
    require(scope.tables, scope.caller, repository, "contents", "write", "write")
    git = scope.world.git(repository)
    async with git.writing():
        changes = []
        for update in given["refUpdates"]:
            old = git.ref(update["name"])
            before = update.get("beforeOid")
            if before is not None and before != (old or NULL_SHA):
                raise Refused(
                    "STALE_DATA", f"Expected {update['name'][:200]} to point to {before[:40]}"
                )
            new = None if update["afterOid"] == NULL_SHA else update["afterOid"]
            change = RefChange(update["name"], old, new)
            await _check_forward(scope, repository, change, forced=bool(update["force"]))
            changes.append(change)
        try:
            await change_refs(
                scope.world, scope.caller, repository, [c for c in changes if c.old != c.new]
            )
        except RefMoved as error:
            raise Refused("STALE_DATA", str(error)) from error
    return {}


async def _check_forward(
    scope: Scope, repository: Repository, change: RefChange, *, forced: bool
) -> None:
    if change.old is None and change.new is None:
        raise Refused("UNPROCESSABLE", f"Reference {change.name[:200]} does not exist")
    if forced or change.old is None or change.new is None:
        return
    git = scope.world.git(repository)
    if await git.header(change.new) is None:
        raise ApiError(422, "Object does not exist")
    if not await git.is_ancestor(change.old, change.new):
        raise Refused("UNPROCESSABLE", f"{change.name[:200]} cannot be fast-forwarded")


CHANGES: dict[str, Change] = {
    "markPullRequestReadyForReview": _draft(False),
    "convertPullRequestToDraft": _draft(True),
    "minimizeComment": _minimize,
    "unminimizeComment": _unminimize,
    "resolveReviewThread": _resolved(True),
    "unresolveReviewThread": _resolved(False),
    "addPullRequestReviewThreadReply": _reply,
    "enablePullRequestAutoMerge": _auto_merge,
    "updateRefs": _update_refs,
}


async def changed(name: str, scope: Scope, given: Input) -> Input:
    """The payload of a mutation, with the id that the client gave it."""
    outcome = CHANGES[name](scope, given)
    payload = await outcome if isawaitable(outcome) else outcome
    return {"clientMutationId": given.get("clientMutationId"), **payload}
