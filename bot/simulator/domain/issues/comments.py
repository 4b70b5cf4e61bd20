"""Comments on issues and on the conversations of pull requests."""

from __future__ import annotations

from typing import Any

from bot.simulator.domain.announcing import tell
from bot.simulator.domain.issues.issues import MAX_BODY
from bot.simulator.domain.issues.reactions import forget_reactions
from bot.simulator.domain.issues.references import note_references
from bot.simulator.domain.issues.rights import is_author, require_unlocked, require_write
from bot.simulator.domain.issues.timeline import app_id_of, note, touch
from bot.simulator.errors import invalid
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Comment, Issue
from bot.simulator.records.repositories import Repository, Role
from bot.simulator.views.comments import comment_view
from bot.simulator.views.issues import issue_view
from bot.simulator.world import World


def create_comment(
    world: World, caller: Caller, repository: Repository, issue: Issue, body: str
) -> Comment:
    """Raises:
    ApiError: 401, 403 also where the conversation is locked, 422 for no text or too much.
    """
    require_write(world, caller, repository, "read", issue)
    require_unlocked(world, caller, repository, issue)
    _check(body)
    assert caller.actor is not None
    now = world.clock.now()
    comment = Comment(
        id=world.tables.next_id(),
        repository_id=repository.id,
        issue_id=issue.id,
        author_id=caller.actor.id,
        app_id=app_id_of(caller),
        body=body,
        created_at=now,
        updated_at=now,
    )
    world.tables.comments.add(comment)
    touch(world, issue)
    _tell(world, "created", caller, repository, comment)
    note_references(world, caller, repository, issue, body)
    return comment


def edit_comment(
    world: World, caller: Caller, repository: Repository, comment: Comment, body: str
) -> None:
    """Raises:
    ApiError: 401, 403 for who neither wrote it nor may write here, 422.
    """
    issue = world.tables.issues[comment.issue_id]
    _require_own(world, caller, repository, comment, issue)
    _check(body)
    if body == comment.body:
        return
    changes = {"body": {"from": comment.body}}
    comment.body = body
    comment.updated_at = comment.edited_at = world.clock.now()
    world.tables.comments.save(comment)
    touch(world, issue)
    _tell(world, "edited", caller, repository, comment, changes=changes)
    note_references(world, caller, repository, issue, body)


def delete_comment(world: World, caller: Caller, repository: Repository, comment: Comment) -> None:
    """Raises:
    ApiError: 401, 403.
    """
    issue = world.tables.issues[comment.issue_id]
    _require_own(world, caller, repository, comment, issue)
    shown = comment_view(world, comment)
    forget_reactions(world, "comment", comment.id)
    world.tables.comments.remove(comment)
    touch(world, issue)
    note(world, issue, "comment_deleted", caller)
    issue_shown = issue_view(world, issue)
    tell(world, "issue_comment", "deleted", caller, repository, issue=issue_shown, comment=shown)


def minimize_comment(
    world: World, caller: Caller, repository: Repository, comment: Comment, reason: str
) -> None:
    """Hides it for a reason (`spam`, `outdated`, `resolved`, …), of which no webhook tells.

    Raises:
        ApiError: 401, 403.
    """
    _require_own(world, caller, repository, comment, world.tables.issues[comment.issue_id])
    comment.minimized = reason
    world.tables.comments.save(comment)


def unminimize_comment(
    world: World, caller: Caller, repository: Repository, comment: Comment
) -> None:
    """Raises:
    ApiError: 401, 403.
    """
    _require_own(world, caller, repository, comment, world.tables.issues[comment.issue_id])
    comment.minimized = None
    world.tables.comments.save(comment)


def _require_own(
    world: World, caller: Caller, repository: Repository, comment: Comment, issue: Issue
) -> None:
    role: Role = "read" if is_author(caller, comment.author_id) else "write"
    require_write(world, caller, repository, role, issue)


def _check(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "data", "unprocessable", "Body cannot be blank")
    if len(body) > MAX_BODY:
        message = f"Body is too long (maximum is {MAX_BODY} characters)"
        raise invalid("IssueComment", "data", "unprocessable", message)


def _tell(
    world: World,
    action: str,
    caller: Caller,
    repository: Repository,
    comment: Comment,
    **extra: Any,
) -> None:
    tell(
        world,
        "issue_comment",
        action,
        caller,
        repository,
        issue=issue_view(world, world.tables.issues[comment.issue_id]),
        comment=comment_view(world, comment),
        **extra,
    )
