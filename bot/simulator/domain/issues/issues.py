"""Opening, editing, closing, reopening and deleting issues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.simulator.domain.issues.assigning import assignees_named, note_assignee
from bot.simulator.domain.issues.events import tell_issue
from bot.simulator.domain.issues.labelling import labels_named, note_label
from bot.simulator.domain.issues.milestones import note_milestone
from bot.simulator.domain.issues.references import note_references
from bot.simulator.domain.issues.rights import is_author, may_write, require_write
from bot.simulator.domain.issues.timeline import app_id_of, note, touch
from bot.simulator.errors import invalid, too_long
from bot.simulator.identity.caller import Caller
from bot.simulator.records.issues import Issue
from bot.simulator.records.repositories import Milestone, Repository, Role
from bot.simulator.world import World

MAX_TITLE = 256
MAX_BODY = 65_536

CloseReason = Literal["completed", "not_planned", "duplicate"]


@dataclass(frozen=True)
class Draft:
    """What somebody asks to open."""

    title: str
    body: str | None = None
    labels: Sequence[str] = ()
    assignees: Sequence[str] = ()
    milestone: Milestone | None = None


def open_issue(world: World, caller: Caller, repository: Repository, draft: Draft) -> Issue:
    """Labels, assignees and milestone are dropped, silently, for who may not set them.

    Raises:
        ApiError: 401, 403, or 422 for what the issue may not consist of.
    """
    require_write(world, caller, repository, "read")
    check_texts("Issue", draft.title, draft.body)
    chosen = may_write(world, caller, repository, "triage")
    people = assignees_named(world, repository, draft.assignees) if chosen else []
    labels = labels_named(world, caller, repository, draft.labels) if chosen else []
    milestone = draft.milestone if chosen else None
    issue = add_issue(world, caller, repository, draft.title, draft.body)
    # The event `opened` shows all of it already; those of the single parts follow.
    issue.label_ids = [label.id for label in labels]
    issue.assignee_ids = [person.id for person in people]
    issue.milestone_id = None if milestone is None else milestone.id
    world.tables.issues.save(issue)
    tell_issue(world, "opened", caller, repository, issue)
    for label in labels:
        note_label(world, caller, repository, issue, label, "labeled")
    for person in people:
        note_assignee(world, caller, repository, issue, person, "assigned")
    if milestone is not None:
        note_milestone(world, caller, repository, issue, milestone, "milestoned")
    note_references(world, caller, repository, issue, draft.body)
    return issue


def add_issue(
    world: World, caller: Caller, repository: Repository, title: str, body: str | None
) -> Issue:
    """Only the record, also of a pull request: nobody is told, and nothing is checked."""
    assert caller.actor is not None
    now = world.clock.now()
    issue = Issue(
        id=world.tables.next_id(),
        repository_id=repository.id,
        number=repository.next_number,
        title=title.strip(),
        body=body or None,
        author_id=caller.actor.id,
        app_id=app_id_of(caller),
        created_at=now,
        updated_at=now,
    )
    repository.next_number += 1
    world.tables.repositories.save(repository)
    return world.tables.issues.add(issue)


def check_texts(resource: str, title: str | None, body: str | None) -> None:
    """`resource` is Issue or PullRequest; None is not looked at.

    Raises:
        ApiError: 422.
    """
    if title is not None and not title.strip():
        raise invalid(resource, "title", "missing_field")
    if title is not None and len(title) > MAX_TITLE:
        raise too_long(resource, "title", MAX_TITLE)
    if body is not None and len(body) > MAX_BODY:
        raise too_long(resource, "body", MAX_BODY)


def require_edit(world: World, caller: Caller, repository: Repository, issue: Issue) -> None:
    """Authors may edit and close their own issues, others need triage.

    Raises:
        ApiError: 401 or 403.
    """
    role: Role = "read" if is_author(caller, issue.author_id) else "triage"
    require_write(world, caller, repository, role, issue)


def edit_texts(
    world: World,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    *,
    title: str | None = None,
    body: str | None = None,
) -> None:
    """None leaves a text as it is; an empty body takes it away.

    Raises:
        ApiError: 401, 403 or 422.
    """
    require_edit(world, caller, repository, issue)
    check_texts("Issue", title, body)
    changes: dict[str, Any] = {}
    old = issue.title
    if title is not None and title.strip() != old:
        changes["title"] = {"from": old}
        issue.title = title.strip()
        note(world, issue, "renamed", caller, rename={"from": old, "to": issue.title})
    if body is not None and (body or None) != issue.body:
        changes["body"] = {"from": issue.body or ""}
        issue.body = body or None
        note_references(world, caller, repository, issue, body)
    if changes:
        touch(world, issue)
        tell_issue(world, "edited", caller, repository, issue, changes=changes)


def close_issue(
    world: World,
    caller: Caller,
    repository: Repository,
    issue: Issue,
    reason: CloseReason = "completed",
    *,
    commit_id: str | None = None,
) -> None:
    """Closes an issue, or changes why it is closed; the caller may.

    `commit_id` is the commit whose message said so.
    """
    assert caller.actor is not None
    is_pull = issue.pull_id is not None
    was_open, was_for = issue.state == "open", issue.state_reason
    if not was_open and (is_pull or was_for == reason):
        return
    issue.state = "closed"
    issue.state_reason = None if is_pull else reason
    if was_open:
        issue.closed_at = world.clock.now()
        issue.closed_by_id = caller.actor.id
    touch(world, issue)
    note(world, issue, "closed", caller, commit_id=commit_id, state_reason=issue.state_reason)
    if was_open:
        tell_issue(world, "closed", caller, repository, issue)


def reopen_issue(world: World, caller: Caller, repository: Repository, issue: Issue) -> None:
    """The caller may."""
    if issue.state == "open":
        return
    issue.state = "open"
    issue.state_reason = None if issue.pull_id is not None else "reopened"
    issue.closed_at = None
    issue.closed_by_id = None
    touch(world, issue)
    note(world, issue, "reopened", caller)
    tell_issue(world, "reopened", caller, repository, issue)
